// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { rooted } from './kit/root.ts'
import { type SpecChange, Workshop } from './kit/workshop.ts'

test('masked files are the null device, masked directories are empty and read-only', rooted, async () => {
  await using workshop = new Workshop()
  const { output } = await workshop.run(
    ['sh', '-c', 'stat -c "%F %t:%T" /proc/keys; cat /proc/keys | wc -c; ls -A /etc | wc -l; touch /etc/x'],
    (spec) => {
      spec.linux.maskedPaths = ['/proc/keys', '/etc', '/nope/nothing']
      spec.root.readonly = false
    },
  )
  assert.equal(output, "character special file 1:3\n0\n0\ntouch: cannot touch '/etc/x': Read-only file system\n")
})

test('read-only paths and a read-only root refuse writes', rooted, async () => {
  await using workshop = new Workshop()
  const { output } = await workshop.run(
    ['sh', '-c', 'echo x > /proc/sys/kernel/hostname; touch /x; touch /tmp/x && echo ok'],
    (spec) => {
      spec.mounts.push({ destination: '/tmp', type: 'tmpfs', source: 'tmpfs' })
    },
  )
  assert.match(output, /hostname: Read-only file system\ntouch: cannot touch '\/x': Read-only file system\nok\n/)
})

test('a read-only path keeps what its file system forbids', rooted, async () => {
  await using workshop = new Workshop()
  const { output } = await workshop.run(['grep', ' /proc/sys ', '/proc/mounts'], (spec) => {
    const proc = spec.mounts.find(({ destination }) => destination === '/proc')
    if (proc) proc.options = ['nosuid', 'noexec', 'nodev']
  })
  assert.match(output, /^proc \/proc\/sys proc ro,nosuid,nodev,noexec,relatime 0 0\n$/)
})

test('what cannot be mounted or limited is told of in the words of runc', rooted, async () => {
  await using workshop = new Workshop()
  const folderOnFile: SpecChange = (spec) => {
    spec.mounts.push({ destination: '/etc/passwd', type: 'bind', source: workshop.directory, options: ['bind'] })
  }
  await assert.rejects(workshop.run(['true'], folderOnFile), /error mounting .* to rootfs at .*: not a directory$/)
  const moreFiles: SpecChange = (spec) => {
    spec.process.rlimits = [{ type: 'RLIMIT_NOFILE', soft: 2 ** 40, hard: 2 ** 40 }]
  }
  await assert.rejects(workshop.run(['true'], moreFiles), /error setting rlimit type 7: operation not permitted$/)
})

test('/dev holds the default nodes and links, and what the spec adds', rooted, async () => {
  await using workshop = new Workshop()
  const { output } = await workshop.run(
    ['sh', '-c', 'ls /dev; stat -c "%n %F %a %u:%g" /dev/null /dev/extra /dev/fifo; readlink /dev/ptmx'],
    (spec) => {
      spec.linux.devices = [
        { type: 'c', path: '/dev/extra', major: 10, minor: 229, fileMode: 0o640, uid: 5, gid: 6 },
        { type: 'p', path: '/dev/fifo', fileMode: 0o600 },
      ]
    },
  )
  const [names = '', details = ''] = output.split('/dev/null ')
  assert.deepEqual(
    names
      .trim()
      .split('\n')
      .filter((name) => name !== 'core'),
    [
      'extra',
      'fd',
      'fifo',
      'full',
      'mqueue',
      'null',
      'ptmx',
      'pts',
      'random',
      'shm',
      'stderr',
      'stdin',
      'stdout',
      'tty',
      'urandom',
      'zero',
    ],
  )
  assert.equal(
    details,
    'character special file 666 0:0\n/dev/extra character special file 640 5:6\n/dev/fifo fifo 600 0:0\npts/ptmx\n',
  )
})

test('only the standard streams are open, and none leads out', rooted, async () => {
  await using workshop = new Workshop()
  const { output } = await workshop.run(['sh', '-c', 'ls /proc/1/fd; true'])
  assert.equal(output, '0\n1\n2\n')
})

test('mounts have the options of the spec', rooted, async () => {
  await using workshop = new Workshop()
  const source = join(workshop.directory, 'source')
  mkdirSync(source)
  writeFileSync(join(source, 'file'), 'content\n')
  const { output } = await workshop.run(
    ['sh', '-c', 'cat /a/b/file /single; grep -E " /(a/b|single|t) " /proc/self/mountinfo; touch /a/b/x'],
    (spec) => {
      spec.root.readonly = false
      spec.mounts.push({
        destination: '/a/b',
        type: 'bind',
        source,
        options: ['rbind', 'ro', 'nosuid', 'noexec', 'rprivate'],
      })
      spec.mounts.push({ destination: '/single', source: join(source, 'file'), options: ['bind', 'rw'] })
      spec.mounts.push({
        destination: '/t',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['size=64k', 'mode=700', 'nodev', 'rshared'],
      })
    },
  )
  assert.match(output, /^content\ncontent\n/)
  assert.match(output, / \/a\/b ro,nosuid,noexec/)
  assert.match(output, / \/single rw/)
  assert.match(output, / \/t rw,nodev,relatime shared:\d+ - tmpfs tmpfs rw,size=64k,mode=700/)
  assert.match(output, /touch: cannot touch '\/a\/b\/x': Read-only file system\n$/)
})

test('a recursive read-only bind covers the mounts below it', rooted, async () => {
  await using workshop = new Workshop()
  const { output } = await workshop.run(
    ['sh', '-c', 'touch /m/x; touch /m/sub/x; touch /plain/sub/x && echo writable'],
    (spec) => {
      spec.mounts.push({
        destination: '/m',
        type: 'bind',
        source: join(workshop.directory, 'tree'),
        options: ['rbind', 'rro'],
      })
      spec.root.readonly = false
      mkdirSync(join(workshop.directory, 'tree/sub'), { recursive: true })
      spec.mounts.push({
        destination: '/plain',
        type: 'bind',
        source: join(workshop.directory, 'tree'),
        options: ['rbind'],
      })
    },
  )
  assert.match(output, /touch: cannot touch '\/m\/x': Read-only/)
  assert.match(output, /touch: cannot touch '\/m\/sub\/x': Read-only/)
  assert.match(output, /writable/)
})

test('tmpcopyup fills the tmpfs with what it covers', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(
    ['sh', '-c', 'cat /etc/a/file; readlink /etc/link; stat -c %a /etc/a; touch /etc/new && echo new'],
    (spec) => {
      spec.mounts.push({ destination: '/etc', type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup'] })
    },
  )
  mkdirSync(join(bundle, 'rootfs/etc/a'), { mode: 0o750 })
  writeFileSync(join(bundle, 'rootfs/etc/a/file'), 'kept\n')
  symlinkSync('a/file', join(bundle, 'rootfs/etc/link'))
  assert.equal((await workshop.runBundle(bundle)).output, 'kept\na/file\n750\nnew\n')
})

test('mount events do not reach the host unless the spec asks for it', rooted, async () => {
  await using workshop = new Workshop()
  const before = readFileSync('/proc/self/mountinfo', 'utf8')
  const id = await workshop.running()
  assert.equal(readFileSync('/proc/self/mountinfo', 'utf8'), before)
  const { output } = await workshop.exec(id, ['sh', '-c', 'head -n 1 /proc/self/mountinfo'])
  assert.match(output, / \/ ro,/)
})

test('the root may be moved instead of pivoted', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['sh', '-c', 'ls /; grep -c " - proc " /proc/self/mountinfo'])
  const { exitCode, output } = await workshop.runBundle(bundle, { noPivot: true })
  assert.equal(exitCode, 0)
  assert.match(output, /^bin\ndev\netc\nlib.*\nproc\nsys\ntmp\n/s)
})

test('sysctls, host names, umask, limits and the oom score are set', rooted, async () => {
  await using workshop = new Workshop()
  const script =
    'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/self/oom_score_adj; hostname; cat /proc/sys/kernel/domainname; umask; ulimit -n; ulimit -Hn'
  const { output } = await workshop.run(['sh', '-c', script], (spec) => {
    spec.linux.sysctl = { 'net.ipv4.ip_forward': '1', 'kernel.msgmax': '4096' }
    spec.hostname = 'host'
    spec.domainname = 'domain'
    spec.process.user.umask = 0o027
    spec.process.oomScoreAdj = 123
    spec.process.rlimits = [{ type: 'RLIMIT_NOFILE', soft: 100, hard: 200 }]
  })
  assert.equal(output, '1\n4096\n123\nhost\ndomain\n0027\n100\n200\n')
})
