// SPDX-License-Identifier: Apache-2.0

/** One `docker run`, whose outcome must be the same with every runtime. */
export interface DockerCase {
  /** Flags of `docker run`. */
  flags: readonly string[]
  /** What runs in busybox: a script for its shell, or a command. */
  runs: string | readonly string[]
  /** Part of its output, standard error included: proves that the case shows what it is about. */
  shows: RegExp
  /** Exit status; 0 by default. */
  status?: number | 'any'
}

const capabilities = 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status'
const mounts = 'cut -d " " -f 5- /proc/self/mountinfo'

/** A seccomp profile that forbids mkdir. */
export const noMkdir = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
}

/** What a container sees of itself and may do, flag by flag. `files` has seccomp.json, a folder called data, and a character device 10:250. */
export function dockerCases(files: string): Record<string, DockerCase> {
  return {
    'what there is without flags': {
      flags: [],
      runs: `${mounts}; ls -l /dev | cut -c 1-30,43-; ${capabilities}; id; env | sort; umask; cat /proc/self/oom_score_adj; ls -A /`,
      shows: /overlay[\s\S]*\/dev\/shm[\s\S]*\/proc\/sys ro,nosuid[\s\S]*CapBnd:\s00000000a80425fb[\s\S]*0022/,
    },
    'limits of processes': {
      flags: [],
      runs: 'cat /proc/self/limits; ls -l /proc/self/fd | wc -l',
      shows: /Max open files/,
    },
    '--cap-drop all': { flags: ['--cap-drop', 'all'], runs: capabilities, shows: /CapEff:\s0000000000000000\n/ },
    '--cap-drop all --cap-add': {
      flags: ['--cap-drop', 'all', '--cap-add', 'CHOWN', '--cap-add', 'net_raw'],
      runs: `${capabilities}; chown user /tmp && echo may; mknod /x c 1 3`,
      shows: /CapEff:\s0000000000002001\n[\s\S]*may\n.*mknod.*not permitted/,
      status: 1,
    },
    '--cap-add SYS_ADMIN': {
      flags: ['--cap-add', 'SYS_ADMIN', '--security-opt', 'apparmor=unconfined'],
      runs: `${capabilities}; mount -t tmpfs none /tmp && echo mounted`,
      shows: /mounted/,
    },
    'without it': { flags: [], runs: 'mount -t tmpfs none /tmp', shows: /permission denied|not permitted/, status: 1 },
    '--privileged': {
      flags: ['--privileged'],
      // Whoever lacks a capability cannot give it: a machine may have taken some from its root.
      runs: `${capabilities}; ${mounts} | grep -v ' - devtmpfs'`,
      shows: /Seccomp:\s0[\s\S]*\/sys\/fs\/cgroup|unable to apply caps: operation not permitted/,
      status: 'any',
    },
    '--user, --group-add': {
      flags: ['--user', 'user', '--group-add', '2000'],
      runs: 'id; echo $HOME',
      shows: /uid=1000\(user\)/,
    },
    '--user by number': {
      flags: ['--user', '7:8'],
      runs: 'id; echo $HOME; touch /x',
      shows: /uid=7 gid=8[\s\S]*denied/,
      status: 1,
    },
    'a user that is not there': {
      flags: ['--user', 'nobody-here'],
      runs: 'id',
      shows: /unable to find user/,
      status: 125,
    },
    'no-new-privileges': {
      flags: ['--security-opt', 'no-new-privileges'],
      runs: capabilities,
      shows: /NoNewPrivs:\s1/,
    },
    'seccomp=unconfined': { flags: ['--security-opt', 'seccomp=unconfined'], runs: capabilities, shows: /Seccomp:\s0/ },
    'seccomp=FILE': {
      flags: ['--security-opt', `seccomp=${files}/seccomp.json`],
      runs: `${capabilities}; mkdir /x`,
      shows: /Seccomp:\s2[\s\S]*mkdir.*Permission denied/,
      status: 1,
    },
    'the default seccomp profile': { flags: [], runs: 'unshare -U true', shows: /unshare.*not permitted/, status: 1 },
    'apparmor=unconfined': {
      flags: ['--security-opt', 'apparmor=unconfined'],
      runs: `${capabilities}; cat /proc/self/attr/current`,
      shows: /CapEff/,
      // A kernel without AppArmor says that there is nothing to read.
      status: 'any',
    },
    'seccomp=unconfined, no-new-privileges, --cap-drop all at once': {
      flags: ['--security-opt=seccomp=unconfined', '--security-opt=no-new-privileges', '--cap-drop=all', '--user=user'],
      runs: `${capabilities}; unshare -U true && echo unshared; touch /tmp/x; chown 0 /tmp/x`,
      shows: /CapBnd:\s0+\nCapAmb:\s0+\nNoNewPrivs:\s1\nSeccomp:\s0\nunshared\n.*not permitted/,
      status: 1,
    },
    '--userns=host': {
      flags: ['--userns=host'],
      runs: 'cat /proc/self/uid_map; readlink /proc/self/ns/user',
      shows: /^ +0 +0 +4294967295\nuser:/,
    },
    'systempaths=unconfined': {
      flags: ['--security-opt', 'systempaths=unconfined'],
      runs: mounts,
      shows: /^(?![\s\S]*kcore)/,
    },
    '--read-only, --tmpfs': {
      flags: ['--read-only', '--tmpfs', '/scratch:size=64k,mode=1700,noexec'],
      runs: `grep scratch /proc/mounts; touch /scratch/x && echo wrote; stat -c %a /scratch; touch /x`,
      shows: /size=64k[\s\S]*wrote\n1700\n.*Read-only file system/,
      status: 1,
    },
    '-v, read-only and not, and a named volume': {
      flags: ['-v', `${files}/data:/ro:ro`, '-v', `${files}/data:/rw`, '--mount', 'type=tmpfs,dst=/t'],
      runs: `${mounts} | grep -E '^/[^ ]+ /(ro|rw|t) '; echo x >/rw/$HOSTNAME; cat /ro/$HOSTNAME; rm /rw/$HOSTNAME; touch /ro/y`,
      shows: /x\n.*Read-only file system/,
      status: 1,
    },
    '--device': {
      // There is no driver behind it: who may open it is told so.
      flags: ['--device', `${files}/device:/dev/mine:r`],
      runs: 'ls -l /dev/mine | cut -c 1-10; cat /dev/mine; echo x >/dev/mine',
      shows: /crw-r--r--\n.*No such device[\s\S]*not permitted/,
      status: 1,
    },
    // A default device that is asked for has the rule that it is asked for with.
    '--device, one of those that every container has': {
      flags: ['--device', '/dev/full:/dev/full:r'],
      runs: 'head -c 1 /dev/full | wc -c; echo x >/dev/full',
      shows: /^1\n.*not permitted/,
      status: 1,
    },
    '--device-cgroup-rule': {
      flags: ['--device-cgroup-rule', 'c 10:250 r'],
      runs: 'mknod /dev/other c 10 250 && cat /dev/other; echo x >/dev/other',
      shows: /No such device[\s\S]*not permitted/,
      status: 1,
    },
    '--ulimit': {
      flags: ['--ulimit', 'nofile=100:200', '--ulimit', 'core=0'],
      runs: 'ulimit -n; ulimit -Hn; ulimit -c',
      shows: /100\n200\n0\n/,
    },
    '--init': { flags: ['--init'], runs: 'cat /proc/1/comm; exit 7', shows: /docker-init/, status: 7 },
    '--network none': { flags: [], runs: 'cut -d : -f 1 /proc/net/dev | tail -n +3', shows: /^ +lo\n$/ },
    '--network host': { flags: ['--network', 'host'], runs: 'cat /proc/net/dev | grep -c lo:; hostname', shows: /1\n/ },
    '--hostname, --add-host, --dns': {
      flags: ['--hostname', 'box', '--domainname', 'example', '--add-host', 'db:10.0.0.1', '--dns', '9.9.9.9'],
      runs: 'hostname; cat /proc/sys/kernel/domainname /etc/hosts /etc/resolv.conf',
      shows: /^box\n[\s\S]*10\.0\.0\.1\sdb\n/,
    },
    '--ipc host, --pid host, --uts host': {
      flags: ['--ipc', 'host', '--pid', 'host', '--uts', 'host'],
      runs: 'for n in ipc pid uts; do readlink /proc/self/ns/$n; done; hostname',
      shows: /^ipc:\S+\npid:\S+\nuts:\S+\n/,
    },
    '--sysctl': {
      flags: ['--sysctl', 'net.ipv4.ip_forward=1', '--sysctl', 'kernel.msgmax=9000'],
      runs: 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax',
      shows: /1\n9000\n/,
    },
    'a sysctl of the machine': {
      flags: ['--sysctl', 'vm.swappiness=1'],
      runs: 'true',
      shows: /sysctl.*vm\.swappiness/,
      status: 125,
    },
    '--cgroupns private': { flags: ['--cgroupns', 'private'], runs: 'cat /proc/self/cgroup', shows: /:memory:\/\n/ },
    '--cgroupns host': { flags: ['--cgroupns', 'host'], runs: 'cat /proc/self/cgroup', shows: /:memory:\/teu-e2e-/ },
    'limits of cgroups': {
      flags: [
        '--memory',
        '64m',
        '--memory-reservation',
        '32m',
        '--cpus',
        '0.5',
        '--cpu-shares',
        '512',
        '--cpuset-cpus',
        '0',
        '--pids-limit',
        '99',
      ],
      runs: 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory/memory.soft_limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpu/cpu.shares cpuset/cpuset.cpus pids/pids.max',
      shows: /67108864\n33554432\n50000\n100000\n512\n0\n99\n/,
    },
    '--oom-score-adj, --memory-swappiness, --cpu-period, --cpu-quota': {
      flags: [
        ...['--oom-score-adj', '500', '--memory', '64m', '--memory-swappiness', '10'],
        ...['--cpu-period', '50000', '--cpu-quota', '20000', '--memory-swap', '-1'],
      ],
      runs: 'cat /proc/self/oom_score_adj; cd /sys/fs/cgroup; cat memory/memory.swappiness cpu/cpu.cfs_period_us cpu/cpu.cfs_quota_us',
      shows: /^500\n10\n50000\n20000\n$/,
    },
    '--oom-kill-disable': {
      flags: ['--oom-kill-disable', '--memory', '16m'],
      runs: 'cat /sys/fs/cgroup/memory/memory.oom_control',
      shows: /oom_kill_disable 1/,
    },
    'a cpuset that is not there': {
      flags: ['--cpuset-mems', '63'],
      runs: 'true',
      shows: /Requested memory nodes are not available/,
      status: 125,
    },
    '--pids-limit stops a fork bomb': {
      flags: ['--pids-limit', '10'],
      runs: 'i=0; while [ $i -lt 40 ]; do sleep 30 & i=$((i+1)); done',
      shows: /can't fork: Resource temporarily unavailable/,
      status: 2,
    },
    '--memory kills with 137': {
      flags: ['--memory', '16m', '--memory-swap', '16m'],
      runs: ['tail', '/dev/zero'],
      shows: /^$/,
      status: 137,
    },
    '--workdir makes it': {
      flags: ['--workdir', '/made/here', '-e', 'A=b c'],
      runs: 'pwd; echo $A',
      shows: /\/made\/here\nb c\n/,
    },
    '--shm-size': { flags: ['--shm-size', '1m'], runs: 'df -k /dev/shm | tail -1', shows: /1024 / },
    'no such program': {
      flags: [],
      runs: ['no-such-program'],
      shows: /executable file not found in \$PATH/,
      status: 127,
    },
    'no such path': { flags: [], runs: ['/no/such'], shows: /stat \/no\/such: no such file or directory/, status: 127 },
    'not executable': { flags: [], runs: ['/etc/passwd'], shows: /permission denied/, status: 126 },
    'a directory': { flags: [], runs: ['/etc'], shows: /is a directory|permission denied/, status: 126 },
    'a mount that cannot be': {
      flags: ['-v', `${files}/data:/etc/passwd`],
      runs: 'true',
      shows: /not a directory/,
      status: 125,
    },
    'a rlimit that may not be raised': {
      flags: ['--ulimit', 'nofile=2000000:2000000'],
      runs: 'true',
      shows: /rlimit/,
      status: 125,
    },
    'ended by a signal': { flags: ['--init'], runs: 'kill -s SEGV $$', shows: /^$/, status: 139 },
  }
}
