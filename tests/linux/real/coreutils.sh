seq 1 20000 | sort -R --random-source=/bin/bash 2>/dev/null | sort -n | sha256sum
seq 1 20000 | gawk '{print $1 * 7919 % 20011, $1}' > pairs; sort -k1,1n -k2,2r pairs | md5sum; sort --parallel=2 -S 1M pairs | sha1sum
mkdir -p tree/a/b; for i in 1 2 3; do echo $i > tree/a/$i; done; ln -s ../1 tree/a/b/link; chmod 640 tree/a/2; touch -d '2001-02-03 04:05:06' tree/a/1 tree/a/2 tree/a/3
ls -l --time-style=full-iso tree/a | gawk '{print $1, $5, $6, $7, $9}' | grep -v total | grep -v ' b$'
cp -a tree copy && diff -r tree copy && echo copied; readlink copy/a/b/link; stat -c '%a %s %Y %F' copy/a/2
ln copy/a/1 copy/hard && stat -c %h copy/hard; rm -r copy; ls copy 2>&1 | sed 's/^.*ls: //'
( tail -f pairs > tail.out & p=$!; sleep 0.5; kill -TERM $p; wait $p; echo "tail ended with $?" ); wc -l < tail.out
timeout 0.3 sleep 10; echo "timeout $?"; timeout -s KILL 0.3 sleep 10; echo "timeout KILL $?"; timeout 5 true; echo $?
head -c 100000 /dev/zero | tr '\0' x | fold -w 80 | tail -1 | wc -c
printf 'b\na\nc\na\n' | sort | uniq -c; printf '1 2\n3 4\n' | join - <(printf '1 x\n3 y\n'); comm -12 <(printf "a\nb\nc\n") <(printf "b\nc\nd\n") | paste -sd,
dd if=/dev/zero of=block bs=4096 count=100 status=none; truncate -s 1M block; du -b block | cut -f1; split -b 300K block part.; ls part.* | wc -l; cat part.* | cmp - block && echo joined
echo 'hello world' | base64 | tee b64 | base64 -d; od -An -tx1 b64 | head -2; cksum b64
seq 10 | shuf --random-source=/bin/sh 2>/dev/null | wc -l; factor 1234567890 9007199254740993; numfmt --to=iec 123456789
expr 5 + 7; test -f pairs && echo is file; [ -d tree ] && echo is directory; basename /a/b.c .c; dirname /a/b.c
date -u -d '2024-02-29 12:00' +%s; TZ=UTC-3 date -d @1700000000 +%H:%M
env -i A=1 env; nice -n 5 nice; id -u; printf '%s\n' "$(mktemp -p . XXXX | wc -c)"
mkfifo pipe; (echo through the fifo > pipe &); cat pipe; yes | head -1000 | sha224sum; sha512sum pairs b64; b2sum pairs
sleep 0.1 && nproc --all > /dev/null && echo fine; tac b64; nl pairs | tail -1; pr -t -2 <(seq 4); tsort <<< "a b b c"; expand <<< "$(printf 'a\tb')"
cat /proc/self/cmdline | tr '\0' ' '; echo; rmdir tree 2>/dev/null; echo $?
