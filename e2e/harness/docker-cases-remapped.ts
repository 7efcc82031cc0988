// SPDX-License-Identifier: Apache-2.0
import type { DockerCase } from './docker-cases.ts'

const mounts = 'cut -d " " -f 5- /proc/self/mountinfo'

/** `docker run` under a dockerd whose containers have a user namespace: their root is the host's 200000. `files` has a folder called data and a character device 10:250. */
export function remappedCases(files: string): Record<string, DockerCase> {
  return {
    // In order of the alphabet: a source that root of the namespace may not reach is opened, and numbered, early.
    // Without mqueue: runc makes the ipc namespace before it has a group there, so its root belongs to none.
    'what there is': {
      flags: [],
      runs: `cat /proc/self/uid_map /proc/self/gid_map; id; ls -ln / | tr -s ' ' | cut -d ' ' -f 1,3,4,9; ls -ln /dev | grep -v mqueue | tr -s ' ' | cut -d ' ' -f 1,3,4; ${mounts} | sort; cat /proc/self/setgroups`,
      shows: /^ +0 +200000 +65536\n +0 +200000 +65536\nuid=0\(root\)[\s\S]*\n\/dev\/shm /,
    },
    capabilities: {
      flags: [],
      runs: 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; mknod /x c 1 3; chown 7 /tmp && echo may; chroot / true && echo may',
      shows: /CapEff:\s00000000a80425fb\n[\s\S]*may\nmay\nmknod.*not permitted\n/,
    },
    'the cgroups of the host may not be written to': {
      flags: [],
      runs: 'cd /sys/fs/cgroup; for c in memory devices pids cpu; do mkdir $c/x; echo 1 >$c/cgroup.procs; done; echo a >devices/devices.allow; echo -1 >memory/memory.limit_in_bytes',
      shows: /^(?!.*\bx\b exists)(mkdir: can't create directory '\w+\/x': [\s\S]*?){4}/,
      status: 1,
    },
    'files of the host': {
      flags: ['-v', `${files}/data:/data`],
      runs: 'ls -ldn /data | cut -d " " -f 1,5-; stat -c "%u %g" /data /data/file; cat /data/file; touch /data/x',
      shows: /65534 65534\n65534 65534\n.*denied\n.*denied/,
      status: 1,
    },
    '--userns=host': {
      flags: ['--userns=host'],
      runs: 'cat /proc/self/uid_map; touch /x; stat -c %u /x',
      shows: /^ +0 +0 /,
    },
    '--privileged': { flags: ['--privileged'], runs: 'true', shows: /privileged mode is incompatible/, status: 125 },
    '--pid host': {
      flags: ['--pid', 'host'],
      runs: 'true',
      shows: /cannot share the host PID namespace/i,
      status: 125,
    },
    '--network host': {
      flags: ['--network', 'host'],
      runs: 'true',
      shows: /cannot share the host's network/,
      status: 125,
    },
    '--device, which the host has at another path': {
      flags: ['--device', `${files}/device:/dev/mine:r`],
      runs: 'true',
      shows: /error creating device nodes: mount \/dev\/mine: no such file or directory/,
      status: 127,
    },
    '--device, which the host has there': {
      flags: ['--device', '/dev/full:/dev/full:r'],
      runs: 'stat -c "%A %u %g" /dev/full; echo x >/dev/full',
      shows: /^crw.* 65534 65534\n.*Operation not permitted/,
      status: 1,
    },
    '--user, --group-add': {
      flags: ['--user', 'user', '--group-add', '2000'],
      runs: 'id; touch /x',
      shows: /^uid=1000/,
      status: 1,
    },
    '--cap-add SYS_ADMIN': {
      flags: [
        '--cap-add',
        'SYS_ADMIN',
        '--security-opt',
        'apparmor=unconfined',
        '--security-opt',
        'seccomp=unconfined',
      ],
      runs: `mount -t tmpfs none /tmp && echo mounted; mount -o remount,rw,bind /sys/fs/cgroup/memory; mount -o remount,rw /proc/sys; umount /proc/kcore; umount /sys/firmware; hostname x; ${mounts} | grep -c .`,
      shows: /^mounted\n/,
    },
    '--read-only, --tmpfs, --shm-size': {
      flags: ['--read-only', '--tmpfs', '/scratch:size=64k,mode=1700,noexec', '--shm-size', '1m'],
      runs: 'touch /scratch/x && stat -c "%a %u" /scratch /scratch/x; df -k /dev/shm | tail -1; touch /x',
      shows: /^1700 0\n[\s\S]*Read-only file system/,
      status: 1,
    },
    '--sysctl, --hostname, --init': {
      flags: ['--sysctl', 'kernel.msgmax=9000', '--hostname', 'box', '--init'],
      runs: 'cat /proc/sys/kernel/msgmax /proc/1/comm; hostname; exit 7',
      shows: /^9000\ndocker-init\nbox\n/,
      status: 7,
    },
    limits: {
      flags: ['--memory', '64m', '--pids-limit', '99', '--ulimit', 'nofile=100:200'],
      runs: 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max; ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj',
      shows: /^67108864\n99\n100\n200\n/,
    },
    '--memory kills with 137': {
      flags: ['--memory', '16m', '--memory-swap', '16m'],
      runs: ['tail', '/dev/zero'],
      shows: /^$/,
      status: 137,
    },
    'no such program': { flags: [], runs: ['no-such-program'], shows: /executable file not found/, status: 127 },
    'not executable': { flags: [], runs: ['/etc/passwd'], shows: /permission denied/, status: 126 },
  }
}
