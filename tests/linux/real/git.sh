export GIT_AUTHOR_DATE='2024-01-01T00:00:00Z' GIT_COMMITTER_DATE='2024-01-01T00:00:00Z' GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b GIT_CONFIG_NOSYSTEM=1
git init -q -b main repo && cd repo || exit 1
for i in 1 2 3 4 5 6 7 8; do seq 1 $((i * 100)) > file$i; mkdir -p dir$i; echo $i > dir$i/x; git add -A; git commit -qm "commit $i"; done
git log --oneline --stat | tail -20; git rev-parse HEAD; git status --short; git branch side HEAD~3; git checkout -q side; echo other > file1; git commit -qam other; git merge -q main -m merged 2>&1 | tail -2; git log --graph --format='%h %s' | head -8
git diff HEAD~1 --stat | tail -3; git blame -s file2 | head -2; git gc -q --aggressive; git fsck --full 2>/dev/null; git count-objects -v | grep -E 'in-pack|packs'; git archive HEAD | sha256sum; git clone -q . ../clone && git -C ../clone log -1 --format=%s; git grep -c 99 | head -3; git stash list; git tag v1; git describe --tags
git format-patch -1 --stdout | tail -3; echo dirty >> file1; git stash -q; git stash pop -q; git diff --shortstat; git rebase -q HEAD~1 2>/dev/null; git bisect start -q HEAD HEAD~2 2>/dev/null | head -1; git worktree list | wc -l
