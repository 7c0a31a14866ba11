# How often each word occurs; the most frequent ones.
use strict;
my %count;
while (<>) { ++$count{$_} for split }
my @words = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print "$count{$_} $_\n" for @words[0 .. 9];
print scalar(@words), " words\n";
