# pipes, subshells, traps, arrays, here documents, process substitution, job control
set -o pipefail
echo one | tr a-z A-Z | { read -r x; echo "read $x"; }
false | true; echo "pipe status ${PIPESTATUS[*]} $?"
(cd /; pwd; exit 3); echo "subshell $?"
f() { local n=$1; ((n < 2)) && { echo "$n"; return; }; echo $(( $(f $((n-1))) + $(f $((n-2))) )); }
f 10
declare -A map=([a]=1 [b]=2 [c]=3); for k in $(printf '%s\n' "${!map[@]}" | sort); do echo "$k=${map[$k]}"; done
a=(x y z); echo "${#a[@]} ${a[-1]} ${a[*]:1}"
cat <<END | wc -l
here
document
END
diff <(seq 5) <(seq 4) ; echo "diff $?"
trap 'echo got USR1' USR1; kill -USR1 $$; trap - USR1
( trap 'echo term in child; exit 9' TERM; kill -TERM $BASHPID; sleep 5 ); echo "child $?"
sleep 100 & pid=$!; sleep 0.1; kill $pid; wait $pid; echo "killed $?"
( exit 5 ) & wait $!; echo "background $?"
for i in 1 2 3 4 5; do ( exit $i ) & pids[$i]=$!; done; for i in 1 2 3 4 5; do wait ${pids[$i]}; echo -n "$? "; done; echo
set -m; sleep 0.2 & jobs | sed 's/[0-9]* *Running/Running/'; fg >/dev/null; echo "fg $?"; set +m
coproc CAT { cat; }; echo through a coprocess >&"${CAT[1]}"; exec {CAT[1]}>&-; cat <&"${CAT[0]}"
[[ foobar =~ ^(foo)(.*)$ ]] && echo "${BASH_REMATCH[1]}-${BASH_REMATCH[2]}"
printf '%05d|%-6s|%x|%q\n' 42 ab 255 "a b"
read -r -t 0.1 line < <(sleep 1); echo "timeout $(( $? > 128 ))"
bash -c 'kill -SEGV $$'; echo "segv $?"
bash -c 'echo "$0 $# $*"' name a "b c"
echo $((2**62)) $((-7 / 2)) $((-7 % 3)) $((1 << 40))
uname -s
time -p true 2>/dev/null
exec 3>file; echo to fd >&3; exec 3>&-; cat file
trap 'echo bye' EXIT
exit 4
