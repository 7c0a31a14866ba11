# busybox-static: a shell and applets in one static program
b=/bin/busybox
$b echo hello from busybox
$b seq 1 500 | $b awk "{s += \$1 * \$1} END {print s}"
$b seq 1 2000 | $b sort -rn | $b head -3
$b sh -c 'i=0; while [ $i -lt 200 ]; do i=$((i+1)); done; echo $i; (exit 7); echo $?'
$b seq 1 3000 > numbers && $b md5sum numbers && $b sha256sum numbers && $b sha1sum numbers
$b gzip -c numbers | $b gunzip | $b cmp - numbers && echo gzip agrees
$b tar cf - numbers | $b tar tf -
$b find / -maxdepth 1 -name etc
$b printf '%s %5.2f %x\n' a 3.14159 255
$b sed -n 's/^1\(.\)$/<\1>/p' numbers | $b tr '\n' ' '
$b expr 6 \* 7; $b bc <<<'2^64 + 1' 2>/dev/null || echo no bc
$b date -u -d @1000000000 +%FT%T
