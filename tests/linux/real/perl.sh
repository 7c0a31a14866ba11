perl -e 'my %c; open F, "/usr/share/common-licenses/GPL-3"; while (<F>) { $c{lc $_}++ for /\w+/g } print "$_ $c{$_}\n" for (sort { $c{$b} <=> $c{$a} || $a cmp $b } keys %c)[0..9]'
perl -MList::Util=sum,shuffle -e 'srand 42; print sum(map { $_ ** 2 } 1..1000), " ", sprintf("%.10f", atan2(1,1)*4), "\n"'
perl -MData::Dumper -MStorable=dclone -e '$Data::Dumper::Sortkeys = 1; $d = {a => [1,2,{b => "c"}], n => 1.5}; print Dumper(dclone $d)'
perl -MDigest::SHA=sha256_hex -MMIME::Base64 -e 'print sha256_hex("abc"), encode_base64("hello" x 20)'
perl -MPOSIX -e 'print POSIX::floor(-3.5), " ", strftime("%Y-%m-%d", gmtime 1e9), " ", DBL_MAX, "\n"; $SIG{ALRM} = sub { print "alarm\n"; exit 3 }; alarm 1; select undef, undef, undef, 10'; echo $?
perl -e 'pipe R, W; if (!fork) { close R; print W "from the child\n"; exit 6 } close W; print <R>; wait; print $? >> 8, "\n"; print `echo backquotes`; system "exit 2"; print $? >> 8, "\n"; eval { die { code => 5 } }; print $@->{code}, "\n"'
perl -e '$_ = "aaa" x 1000; s/a(?=a)/b/g; print length, " ", tr/b//, "\n"; print join(",", map { sprintf "%b", $_ } grep { $_ & 1 } 1..9), "\n"; print pack("NnC", 1, 2, 3) eq "\0\0\0\1\0\2\3" ? "pack\n" : "no\n"; print 0.1 + 0.2, " ", 1e21, " ", 9**20, " ", int(7/2), "\n"'
