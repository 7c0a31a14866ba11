for i in 1 2 3; do cat /usr/share/common-licenses/GPL-3 /bin/bash.none 2>/dev/null; seq 1 30000; done > text
sha256sum text | cut -c1-16
for tool in "gzip -9n" "bzip2 -9" "xz -6" "xz -T2 --block-size=200KiB" "zstd -q -9" "zstd -q -T2 -3" "zstd -q -19"; do
  $tool -c text > packed; stat -c %s packed; sha256sum packed | cut -c1-16
  ${tool%% *} -dc packed | cmp - text && echo "$tool round trip"
done
head -c 5000 packed > broken; zstd -qdc broken > /dev/null 2>&1; echo "truncated: $?"
gzip -dc text > /dev/null 2>&1; echo "not gzip: $?"
xz -lv --robot <(xz -c text) >/dev/null 2>&1; echo "listing a pipe: $?"
