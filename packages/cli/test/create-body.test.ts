// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { FakeEngine } from './fake-engine.ts'
import { invoke, original, run } from './invoke.ts'

const id = 'ab'.repeat(32)
const routes = {
  'POST /containers/create': ({ json }: import('./fake-engine.ts').FakeExchange) => json({ Id: id, Warnings: [] }, 201),
}

/** Flags of `create`, word by word; both programs must send the same body for them. */
const flagLines: readonly (readonly string[])[] = [
  [],
  ['-it'],
  ['-a', 'stdout', '-a', 'STDERR', '-i'],
  ['--name', 'x', '-h', 'host', '--domainname', 'd', '-l', 'a=b', '--label', 'c', '--annotation', 'k=v'],
  ['-e', 'A=b', '-e', 'HOME', '-e', 'NOT_SET', '--env=C=d=e', '-eX=', '-e', 'A=again'],
  ['-v', '/a:/b', '-v', '/anon', '-v', 'name:/c:ro', '-v', '/a:/b', '-v', 'x'],
  ['--mount', 'type=bind,src=/a,dst=/b,readonly', '--mount', 'type=volume,src=v,target=/c,volume-nocopy'],
  ['--mount', 'type=volume,dst=/c,volume-label=a=b,volume-driver=d,volume-opt=o=addr=1,volume-subpath=x'],
  ['--mount', 'type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1770', '--mount', 'type=image,src=i,dst=/i,image-subpath=s'],
  ['--mount', 'type=bind,src=/a,dst=/b,bind-propagation=rshared,bind-recursive=disabled,consistency=cached'],
  ['--mount', 'type=bind,src=/a,dst=/b,ro,bind-propagation=rprivate,bind-recursive=readonly'],
  ['--tmpfs', '/run', '--tmpfs', '/tmp:size=64m,mode=1777', '--read-only', '--shm-size', '128m'],
  ['-w', '/w', '-u', '1000:1000', '--group-add', 'audio', '--group-add', '7', '--entrypoint', '/bin/sh'],
  ['--entrypoint', ''],
  ['-m', '64m', '--memory-reservation', '32m', '--memory-swap', '-1', '--memory-swappiness', '0'],
  ['--memory', '1.5g', '--cpus', '1.5', '-c', '512', '--cpu-period', '100000', '--cpu-quota', '50000'],
  ['--cpuset-cpus', '0-1', '--cpuset-mems', '0', '--pids-limit', '100', '--oom-kill-disable', '--oom-score-adj', '-5'],
  ['--blkio-weight', '300', '--blkio-weight-device', '/dev/sda:100', '--device-read-bps', '/dev/sda:1mb'],
  ['--device-write-bps', '/dev/sda:2k', '--device-read-iops', '/dev/sda:10', '--device-write-iops', '/dev/sda:20'],
  ['--cpu-rt-period', '1000', '--cpu-rt-runtime', '500', '--cgroup-parent', '/p', '--kernel-memory', '5m'],
  ['--ulimit', 'nofile=10:20', '--ulimit', 'core=-1', '--sysctl', 'net.core.somaxconn=1', '--sysctl', 'kernel.sem=1 2'],
  ['--cap-add', 'NET_ADMIN', '--cap-drop', 'ALL', '--privileged', '--security-opt', 'no-new-privileges'],
  ['--security-opt', 'seccomp=unconfined', '--security-opt', 'label:disable', '--security-opt', 'apparmor=x'],
  ['--security-opt', 'systempaths=unconfined', '--security-opt', 'seccomp=builtin'],
  ['--pid', 'host', '--ipc', 'container:x', '--uts', 'host', '--userns', 'host', '--cgroupns', 'private'],
  ['--pid', 'container:x', '--ipc', 'shareable', '--cgroupns', 'host', '--isolation', 'default'],
  ['--network', 'none'],
  ['--network', 'host'],
  ['--net', 'container:abc'],
  ['--network', 'n1', '--network-alias', 'a', '--ip', '10.0.0.5', '--ip6', 'fd00::5', '--link-local-ip', '169.254.1.1'],
  ['--network', 'name=n1,alias=a,alias=b,ip=10.0.0.5,driver-opt=k=v,gw-priority=5,mac-address=02:42:ac:11:00:02'],
  ['--network', 'n1', '--network', 'name=n2,link-local-ip=169.254.3.3'],
  ['--network', 'n1', '--link', 'db:alias', '--mac-address', '02:42:ac:11:00:02'],
  ['--link', 'db:alias', '--mac-address', '02:42:ac:11:00:02'],
  ['-p', '80', '-p', '8080:80/tcp', '-p', '127.0.0.1:53:53/udp', '-p', '[::1]::443', '-P', '--expose', '9000-9002/udp'],
  ['-p', '8000-8002:80-82', '-p', '9000-9010:90', '-p', 'target=70,published=7000,protocol=udp', '--expose', '99'],
  ['--dns', '1.1.1.1', '--dns', '2001:0db8::1', '--dns-search', 'example.com', '--dns-opt', 'a', '--dns-option', 'b'],
  ['--add-host', 'a:1.2.3.4', '--add-host', 'b=::1', '--add-host', 'c:host-gateway', '--add-host', 'd:[::2]'],
  ['--restart', 'on-failure:3', '--stop-signal', 'TERM', '--stop-timeout', '7', '--init'],
  ['--restart', 'always', '--stop-timeout', '0', '--init=false'],
  ['--log-driver', 'json-file', '--log-opt', 'max-size=1m', '--log-opt', 'tag', '--runtime', 'runc'],
  ['--storage-opt', 'size=1G', '--volumes-from', 'c:ro', '--volume-driver', 'local', '--rm'],
  ['--device-cgroup-rule', 'c 1:3 rwm', '--gpus', 'all', '--platform', 'linux/arm64'],
  ['--gpus', '"device=0,1",capabilities=utility'],
  ['--gpus', 'driver=nvidia,count=2,"options=a=b,c=d"'],
  ['--health-cmd', 'true', '--health-interval', '5s', '--health-timeout', '1m30s', '--health-retries', '3'],
  ['--health-start-period', '500ms', '--health-start-interval', '1s'],
  ['--no-healthcheck'],
  ['--cidfile', 'CIDFILE', '--pull', 'never'],
  ['--env-file', 'ENVFILE', '-e', 'A=flag', '--label-file', 'LABELFILE', '-l', 'a=flag'],
]

if (original)
  describe('the body of create is that of docker', () => {
    let directory: string
    before(() => {
      directory = mkdtempSync(join(tmpdir(), 'teu-cli-body-'))
      const bom = '\ufeff'
      writeFileSync(
        join(directory, 'env'),
        `${bom}# comment\nA=file\n\n  B=1 2 \nHOME\nNOT_SET\nC="q"\r\n=`.replace(/\n=$/, '\n'),
      )
      writeFileSync(join(directory, 'label'), 'x=y\n# c\nempty\nspaced = v\n'.replace('spaced = v\n', ''))
    })
    after(() => rmSync(directory, { recursive: true, force: true }))
    for (const flags of flagLines) {
      test(flags.join(' ') || 'no flags', async () => {
        await using theirs = await FakeEngine.start(routes)
        await using own = await FakeEngine.start(routes)
        const line = (side: string) => [
          'create',
          ...flags.map((flag) =>
            flag
              .replace('CIDFILE', join(directory, `cid-${side}`))
              .replace('ENVFILE', join(directory, 'env'))
              .replace('LABELFILE', join(directory, 'label')),
          ),
          'busybox:1.36',
          'echo',
          '-n',
          '--rm',
        ]
        const expected = await invoke(original as readonly string[], line('theirs'), { host: theirs.host })
        const actual = await run(line('own'), { host: own.host })
        assert.deepEqual(actual, expected)
        assert.equal(actual.stdout, `${id}\n`)
        assert.deepEqual(sentTo(own), sentTo(theirs))
      })
    }
  })

function sentTo({ requests }: FakeEngine): unknown {
  const request = requests.find(({ path }) => path === '/containers/create')
  assert.ok(request)
  return { query: request.query, body: meaningful(JSON.parse(request.body.toString('utf8'))) }
}

/** Lists that the original sends in no particular order. */
const unordered = new Set(['Binds', 'Env', 'Ulimits'])

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

/** A value without what means nothing to an engine: nulls, empty lists and objects, and the order of lists of sets. */
function meaningful(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(meaningful)
  if (typeof value === 'string') return value.replace(/cid-(own|theirs)$/, 'cid')
  if (typeof value !== 'object' || value === null) return value ?? undefined
  const entries = Object.entries(value)
    .map(([key, entry]) => [key, meaningful(unordered.has(key) ? [...(entry ?? [])].sort(byText) : entry)] as const)
    .filter(([, entry]) => entry !== undefined && entry !== '' && entry !== 0 && entry !== false)
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}
