# How often each word occurs; the most frequent ones.
{ for (i = 1; i <= NF; ++i) ++count[$i] }
END {
  for (word in count) if (count[word] > 5000) printf "%d %s\n", count[word], word | "sort -rn"
  printf "%d lines, %d words\n", NR, length(count)
}
