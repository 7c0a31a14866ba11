"""The amd64 root as native programs see it: laid over this machine's folders, as -L lays the arm64 root over them for guests."""
import ctypes
import os
import sys

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
LIBC = ctypes.CDLL(None, use_errno=True)


def call(function, *arguments):
    if function(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{function.__name__}: {os.strerror(error)}")


def mount(source, target, kind, flags):
    call(LIBC.mount, source.encode(), target.encode(), kind.encode() if kind else None, ctypes.c_ulong(flags), None)


def own_namespace():
    """Mounts that only this process and its children see; without privileges through a user namespace of their own."""
    uid, gid = os.geteuid(), os.getegid()
    call(LIBC.unshare, CLONE_NEWNS if uid == 0 else CLONE_NEWNS | CLONE_NEWUSER)
    if uid != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    mount("none", "/", None, MS_REC | MS_PRIVATE)


def enter(root, view, folders):
    """Makes the folder `view` show `root` and, beside it, what this machine has and the root has not, `folders` in any case (a checkout
    below /var is hidden otherwise). For this process and its children."""
    own_namespace()
    mount("tmpfs", view, "tmpfs", 0)
    for name in dict.fromkeys((*os.listdir(root), *os.listdir("/"))):
        source = next(path for path in (os.path.join(root, name), os.path.join("/", name)) if os.path.lexists(path))
        target = os.path.join(view, name)
        if os.path.islink(source):
            os.symlink(os.readlink(source), target)
        elif os.path.isdir(source):
            os.mkdir(target)
            mount(source, target, None, MS_BIND | MS_REC)
    for folder in folders:
        target = view + folder
        if not os.path.isdir(target):
            os.makedirs(target)
            mount(folder, target, None, MS_BIND | MS_REC)


def try_enter(root, view, folders):
    """Whether native programs of the root can be run, through `view`."""
    if not os.path.isdir(root):
        return False
    os.makedirs(view, exist_ok=True)
    try:
        enter(root, view, folders)
    except OSError as error:
        print(f"no native runs of Debian's programs: {error} (mount namespaces are needed)", file=sys.stderr)
        return False
    return True
