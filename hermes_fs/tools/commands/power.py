"""Programs that change the machine, its users, its disks or its keys, and how they look when they only look. Data."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from hermes_fs.tools.commands.effects import Effect, names

_GROUPS: Mapping[tuple[Effect, str], frozenset[str]] = {
    ("system", "runs with another user's rights"): names(
        """
        sudo doas su pkexec runuser gosu
        """
    ),
    ("system", "leaves its place"): names(
        """
        nsenter unshare chroot setpriv capsh systemd-run firejail bwrap
        """
    ),
    ("persist", "makes something run later"): names(
        """
        crontab at batch anacron direnv
        """
    ),
    ("persist", "changes what may run"): names(
        """
        setcap chattr update-rc.d chkconfig systemd-analyze
        """
    ),
    ("system", "changes who owns or may do what"): names(
        """
        chown chgrp setfacl useradd userdel usermod groupadd groupdel passwd chpasswd adduser
        deluser visudo chsh chfn newgrp gpasswd
        """
    ),
    ("system", "changes disks"): names(
        """
        mount umount mkfs fdisk sfdisk parted gdisk mkswap swapon swapoff cryptsetup losetup
        lvremove pvremove vgremove lvcreate mdadm zpool zfs btrfs blkdiscard wipefs hdparm fsck
        e2fsck tune2fs fstrim resize2fs diskutil hdiutil dmsetup
        """
    ),
    ("system", "stops the machine"): names(
        """
        shutdown reboot halt poweroff init telinit kexec
        """
    ),
    ("system", "ends processes"): names(
        """
        kill pkill killall skill xkill
        """
    ),
    ("system", "changes the machine"): names(
        """
        iptables ip6tables nft ufw firewall-cmd ebtables route arp tc ethtool iwconfig sysctl
        modprobe insmod rmmod depmod setenforce aa-disable auditctl apparmor_parser swapctl ldconfig
        grub-install efibootmgr update-grub hwclock chronyc date-set dpkg-reconfigure rpm pacman
        emerge make-install ansible puppet chef-client salt vagrant virsh VBoxManage
        qemu-system-x86_64 csrutil spctl networksetup scutil dscl pfctl service rc-service
        """
    ),
    ("credentials", "reads or changes keys and passwords"): names(
        """
        security pass gpg gpg2 op vault keyring secret-tool bw lpass chezmoi sops age ssh-add
        ssh-keygen ssh-agent kinit keytool ssh-copy-id
        """
    ),
    ("unknown", "acts on the person's desktop"): names(
        """
        xclip xsel pbcopy wl-copy osascript xdotool screencapture import notify-send open xdg-open
        code subl
        """
    ),
    ("unknown", "drives other programs"): names(
        """
        expect script tmate screen byobu dtach abduco
        """
    ),
}
POWER: Mapping[str, tuple[Effect, str]] = {name: key for key, group in _GROUPS.items() for name in group}
"""Program → what it can do, and why a person is asked."""
RUN_OTHERS = names("sudo doas su pkexec runuser gosu nsenter unshare chroot setpriv systemd-run")


def _never(texts: list[str]) -> bool:
    return False


def looks(name: str, texts: list[str]) -> bool:
    """Whether such a program, told this, only looks."""
    return _LOOKS.get(name, _never)(texts)


_LOOKS: Mapping[str, Callable[[list[str]], bool]] = {
    "mount": lambda texts: not texts or texts == ["-l"],
    "crontab": lambda texts: texts == ["-l"],
    "kill": lambda texts: (
        bool(texts) and all(re.fullmatch(r"-(?:l|0|9|15|[A-Z]+)|[2-9]|[1-9]\d+|%\d*", t) for t in texts)
    ),
    "direnv": lambda texts: texts[:1] in (["status"], ["version"]),
    "service": lambda texts: texts[-1:] == ["status"] or texts == ["--status-all"],
    "sysctl": lambda texts: bool(texts) and all(t in ("-a", "-n") or re.fullmatch(r"[\w.]+", t) for t in texts),
    "route": lambda texts: not texts or texts == ["-n"],
    "arp": lambda texts: texts in ([], ["-a"], ["-n"]),
    "rpm": lambda texts: bool(texts) and texts[0].startswith("-q"),
    "pacman": lambda texts: bool(texts) and texts[0].startswith("-Q"),
    "fdisk": lambda texts: texts == ["-l"],
    "ufw": lambda texts: texts[:1] == ["status"],
    "ssh-keygen": lambda texts: texts[:1] in (["-l"], ["-lf"], ["-y"]) and "-y" not in texts,
    "gpg": lambda texts: bool(texts) and texts[0] in ("--list-keys", "-k", "--verify", "--fingerprint"),
    "ssh-add": lambda texts: texts in (["-l"], ["-L"]),
    "iptables": lambda texts: texts[:1] in (["-L"], ["-S"]),
    "screen": lambda texts: texts == ["-ls"],
    "swapon": lambda texts: texts in (["-s"], ["--show"]),
    "vagrant": lambda texts: texts[:1] in (["status"], ["global-status"]),
    "dmsetup": lambda texts: texts[:1] == ["ls"],
    "zfs": lambda texts: texts[:1] in (["list"], ["get"]),
    "zpool": lambda texts: texts[:1] in (["list"], ["status"]),
}
