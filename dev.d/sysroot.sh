# Roots of foreign and native Debian packages: unpacked only, nothing of them is run, so any architecture works.

debian_suite=bookworm

# The Debian mirrors that this machine is configured for, as lines of a sources.list; mmdebstrap's default if none.
debian_sources() {
  apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    awk -v suite="$debian_suite" '
      $1 == "Debian" && ($3 == suite || $3 == suite "-updates" || $3 == suite "-security") && !seen[$2 $3 $4]++ {
        print "deb", $2, $3, $4
      }'
}

# make_sysroot ARCH PACKAGES...: build/sysroot/ARCH holds at least these packages and what they depend on.
make_sysroot() {
  local arch=$1 dir=$FERRY_ROOT/build/sysroot/$1
  shift
  local wanted
  wanted=$(printf '%s\n' "$@" | sort -u)
  [[ -f $dir/.packages && -z $(comm -23 <(echo "$wanted") "$dir/.packages") ]] && return 0
  [[ -f $dir/.packages ]] && wanted=$(echo "$wanted" | sort -u - "$dir/.packages")
  build_sysroot "$arch" "$dir" "$wanted"
}

# What a guest sees is the root laid over the host: folders that the host fills must not be hidden by empty ones.
host_folders=(dev proc sys tmp run home root boot mnt media srv)

# unpack_packages ARCH DIR PACKAGES
unpack_packages() {
  local arch=$1 dir=$2 packages=$3 sources
  sources=$(debian_sources)
  # Merged /usr as on an installed system.
  local options=(--variant=extract --architectures="$arch" --include="$(paste -sd, <<<"$packages")"
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr)
  if ((EUID == 0)); then
    mmdebstrap --mode=root "${options[@]}" "$debian_suite" "$dir" ${sources:+-} <<<"$sources"
    (cd "$dir" && rm -rf "${host_folders[@]}")
  else
    mkdir -p "$dir"
    mmdebstrap --mode=unshare --format=tar "${options[@]}" "$debian_suite" - ${sources:+-} <<<"$sources" |
      tar -x -C "$dir" --no-same-owner "${host_folders[@]/#/--exclude=./}"
  fi
}

# build_sysroot ARCH DIR PACKAGES: makes it beside DIR and puts it in DIR's place in one step.
build_sysroot() {
  local arch=$1 dir=$2 packages=$3 log=$2.log new=$2.new.$$
  step "making build/sysroot/$arch from $(wc -l <<<"$packages") Debian packages and what they depend on"
  mkdir -p "${dir%/*}"
  if ! unpack_packages "$arch" "$new" "$packages" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "./dev sysroot: mmdebstrap failed; all of its output is in $log" >&2
    ((EUID == 0)) || echo "./dev sysroot: without root it needs user namespaces and subordinate ids (apt-get install uidmap)" >&2
    rm -rf "$new"
    exit 1
  fi
  echo "$packages" >"$new/.packages"
  rm -rf "$dir.old"
  [[ ! -e $dir ]] || mv "$dir" "$dir.old"
  mv "$new" "$dir"
  rm -rf "$dir.old"
}
