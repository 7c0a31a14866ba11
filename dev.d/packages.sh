# Debian packages that a command needs: cmake/packages.txt says which.

# packages_of GROUPS...: the packages of these groups, one per line.
packages_of() {
  local group
  for group in "$@"; do
    sed -n "s/^$group: //p" "$FERRY_ROOT/cmake/packages.txt"
  done | tr ' ' '\n' | sort -u
}

missing_packages() {
  local package
  while read -r package; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
  done
}

# require_packages GROUPS...: installs what is missing, or says how and ends with status 1.
require_packages() {
  local missing as_root=()
  mapfile -t missing < <(packages_of "$@" | missing_packages)
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    if ! sudo -n true 2>/dev/null; then
      echo "./dev: packages are missing; run: apt-get install ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo -n env)
  else
    as_root=(env)
  fi
  step "installing ${#missing[@]} packages: ${missing[*]}"
  "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2 || step "apt-get update failed; trying with the lists that are there"
  "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends \
    install "${missing[@]}" </dev/null >&2
}
