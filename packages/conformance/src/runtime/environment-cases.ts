// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { Spec } from '@teu/oci-spec/runtime'
import type { ConformanceCase } from '../harness/suite.ts'
import type { RuntimeContext } from './context.ts'

/** A case of one script: what it must print when the container is made as it should be. */
function prints(
  name: string,
  script: string,
  expected: string | RegExp,
  change?: (spec: Spec) => void,
): ConformanceCase<RuntimeContext> {
  return {
    name,
    async run(runtime) {
      const { status, stdout, stderr } = await runtime.script(script, change)
      assert.equal(status, 0, stderr)
      if (typeof expected === 'string') assert.equal(stdout, expected)
      else assert.match(stdout, expected)
    },
  }
}

const applet = (names: string) => names.split(' ').map((name) => `busybox ${name}`)
const [grep, id, ls, pwd] = applet('grep id ls pwd') as [string, string, string, string]

export const environmentCases: readonly ConformanceCase<RuntimeContext>[] = [
  prints('the process is pid 1 with the hostname asked for', 'echo $$; busybox hostname', '1\nconformance\n'),
  prints('environment and working directory', `echo $FOO; ${pwd}`, 'bar\n/tmp\n', (spec) => {
    spec.process?.env?.push('FOO=bar')
    if (spec.process) spec.process.cwd = '/tmp'
  }),
  prints('user, group and additional groups', `${id} -u; ${id} -g; ${id} -G`, /^1000\n1001\n1001 5\n$/, (spec) => {
    if (spec.process) spec.process.user = { uid: 1000, gid: 1001, additionalGids: [5] }
  }),
  prints(
    'another user than root has no effective capabilities',
    `${grep} CapEff /proc/self/status`,
    'CapEff:\t0000000000000000\n',
    (spec) => {
      if (spec.process) {
        spec.process.user = { uid: 1000, gid: 1000 }
      }
    },
  ),
  prints(
    'capabilities are those listed',
    `${grep} -E 'Cap(Prm|Bnd|Inh|Amb)' /proc/self/status`,
    'CapInh:\t0000000000000000\nCapPrm:\t00000000000000e1\nCapBnd:\t00000000000000e1\nCapAmb:\t0000000000000000\n',
  ),
  prints('no new privileges', `${grep} NoNewPrivs /proc/self/status`, 'NoNewPrivs:\t1\n'),
  prints('the root is read-only when asked', 'echo x 2>/dev/null >/file || echo refused', 'refused\n', (spec) => {
    if (spec.root) spec.root.readonly = true
  }),
  prints(
    'masked paths are empty and read-only paths refuse writes',
    'busybox wc -c </proc/version; echo x 2>/dev/null >/proc/sys/kernel/hostname || echo refused',
    '0\nrefused\n',
  ),
  prints(
    'the default devices are there and no others',
    `${ls} /dev`,
    /^(core\n)?fd\nfull\n(mqueue\n)?null\nptmx\npts\nrandom\n(shm\n)?stderr\nstdin\nstdout\ntty\nurandom\nzero\n$/,
  ),
  prints('no descriptors but the standard ones are open', `${ls} /proc/self/fd | ${grep} -v 3`, '0\n1\n2\n'),
  prints('resource limits', 'ulimit -n', '77\n', (spec) => {
    if (spec.process) spec.process.rlimits = [{ type: 'RLIMIT_NOFILE', soft: 77, hard: 77 }]
  }),
  prints('a bind mount that is read-only', 'echo x 2>/dev/null >/given/file || echo refused', 'refused\n', (spec) => {
    spec.mounts?.push({ destination: '/given', type: 'none', source: '/tmp', options: ['bind', 'ro'] })
  }),
  prints(
    'a tmpfs with options',
    `echo x >/mem/file && ${grep} ' /mem ' /proc/mounts`,
    / \/mem tmpfs .*nosuid.*nodev/,
    (spec) => {
      spec.mounts?.push({
        destination: '/mem',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'nodev', 'size=1m'],
      })
    },
  ),
  prints(
    'a network namespace of its own has loopback alone',
    `${ls} /sys/class/net 2>/dev/null || ${grep} -c : /proc/net/dev`,
    /^(lo\n|1\n)$/,
  ),
  {
    name: 'the seccomp filter makes a system call fail with the error asked for',
    async run(runtime) {
      const filter = (spec: Spec) => {
        if (!spec.linux) return
        spec.linux.seccomp = {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }],
        }
      }
      const { stdout, stderr } = await runtime.script('busybox mkdir /tmp/refused 2>&1', filter)
      assert.match(`${stdout}${stderr}`, /not supported/i)
    },
  },
]
