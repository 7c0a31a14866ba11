seq 1 20000 | gawk '{ c[$1 % 97] += $1; s += sqrt($1) * sin($1) } END { for (i in c) t += c[i] * i; printf "%d %.6f\n", t, s }'
gawk 'BEGIN { while ((getline line < "/usr/share/common-licenses/GPL-3") > 0) { n = split(tolower(line), w, /[^a-z]+/); for (i = 1; i <= n; i++) if (w[i] != "") k[w[i]]++ } PROCINFO["sorted_in"] = "@val_num_desc"; for (x in k) if (k[x] > 40) print k[x], x }' | sort -k1,1nr -k2
gawk 'BEGIN { printf "%s %d %x %e %g\n", substr("translation", 3, 5), 2^53, 48879, 1/3, 1e100; print strftime("%F", 86400 * 365, 1), toupper("abc"), index("foobar", "bar"), length("äö") }'
echo 'one two three' | sed -E 's/(\w+) (\w+)/\2 \1/; s/e/E/g'; seq 100 | sed -n '10,20{p;20q}' | paste -sd' '; printf 'a\nb\nc\n' | sed '1!G;h;$!d'
grep -c the /usr/share/common-licenses/GPL-3; grep -oE '\b[A-Z]{6,}\b' /usr/share/common-licenses/GPL-3 | sort | uniq -c | sort -k1,1nr -k2 | head -5
grep -rl 'warrant' /usr/share/common-licenses | sort | head; grep -P '(?<=free )software' /usr/share/common-licenses/GPL-3 | head -2; echo abc | grep -q x; echo $?
