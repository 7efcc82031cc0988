// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import {
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { nativeFile } from '@teu/linux'
import { Canary } from './kit/canary.ts'
import { rooted } from './kit/root.ts'
import { type SpecChange, Workshop } from './kit/workshop.ts'

const withoutDev: SpecChange = (spec) => {
  spec.mounts = spec.mounts.filter(({ destination }) => !destination.startsWith('/dev'))
  spec.root.readonly = false
}

test('procfs and sysfs are mounted on ordinary directories only', rooted, async () => {
  await using workshop = new Workshop()
  for (const [name, type] of [
    ['proc', 'proc'],
    ['sys', 'sysfs'],
  ] as const) {
    const bundle = workshop.bundle(['true'])
    rmSync(join(bundle, 'rootfs', name), { recursive: true })
    mkdirSync(join(bundle, 'rootfs/elsewhere'))
    symlinkSync('/elsewhere', join(bundle, 'rootfs', name))
    await assert.rejects(workshop.runBundle(bundle), (error: Error) =>
      error.message.includes(`filesystem "${type}" must be mounted on ordinary directory`),
    )
  }
})

test('nor are they mounted through a symlink on the way', rooted, async () => {
  await using workshop = new Workshop()
  for (const type of ['proc', 'sysfs']) {
    const bundle = workshop.bundle(['true'], (spec) => {
      spec.mounts.push({ destination: '/way/there', type, source: type })
    })
    mkdirSync(join(bundle, 'rootfs/elsewhere/there'), { recursive: true })
    symlinkSync('/elsewhere', join(bundle, 'rootfs/way'))
    await assert.rejects(workshop.runBundle(bundle), (error: Error) =>
      error.message.includes(`filesystem "${type}" must be mounted on ordinary directory`),
    )
  }
})

test('a symlink in place of /dev stays in the container', rooted, async () => {
  await using workshop = new Workshop()
  const canary = new Canary(workshop)
  for (const target of [canary.path, `../../../${'../'.repeat(8)}${canary.path.slice(1)}`]) {
    for (const change of [() => {}, withoutDev]) {
      const bundle = workshop.bundle(['true'], change)
      rmSync(join(bundle, 'rootfs/dev'), { recursive: true })
      symlinkSync(target, join(bundle, 'rootfs/dev'))
      await workshop.runBundle(bundle).catch(() => {})
      canary.verify()
    }
  }
})

test('a mask is made of nothing but the null device', rooted, async () => {
  await using workshop = new Workshop()
  const canary = new Canary(workshop)
  const attempts: [name: string, plant: (path: string) => void][] = [
    ['symlink', (path) => symlinkSync(join(canary.path, 'secret'), path)],
    ['symlink inside', (path) => symlinkSync('/etc/passwd', path)],
    ['file', (path) => writeFileSync(path, 'content')],
  ]
  for (const [name, plant] of attempts) {
    const bundle = workshop.bundle(['cat', '/etc/passwd'], (spec) => {
      withoutDev(spec)
      spec.linux.maskedPaths = ['/etc/passwd']
    })
    plant(join(bundle, 'rootfs/dev/null'))
    await assert.rejects(workshop.runBundle(bundle), /mknod \/dev\/null: file exists/, name)
    canary.verify()
  }
})

test('a planted /dev/null that exists and is right is used', rooted, async () => {
  await using workshop = new Workshop()
  const { output } = await workshop.run(['sh', '-c', 'cat /etc/passwd; stat -c %t:%T /etc/passwd'], (spec) => {
    withoutDev(spec)
    spec.linux.maskedPaths = ['/etc/passwd']
  })
  assert.equal(output, '1:3\n')
})

test('the working directory is inside, whatever it leads through', rooted, async () => {
  await using workshop = new Workshop()
  const canary = new Canary(workshop)
  const handle = openSync(canary.path, 'r')
  for (let fd = 3; fd < 24; fd++) {
    const bundle = workshop.bundle(['sh', '-c', 'pwd; ls -a; cat secret ../secret'], (spec) => {
      spec.process.cwd = fd % 2 === 0 ? `/proc/self/fd/${fd}` : '/way'
    })
    symlinkSync(`/proc/self/fd/${fd}`, join(bundle, 'rootfs/way'))
    const { output } = await workshop.runBundle(bundle).catch((error: Error) => ({ output: error.message }))
    canary.verify(output)
    assert.ok(/^\/\n/.test(output) || output.includes('unable to start container process'), output)
  }
  const id = await workshop.running()
  for (let fd = 3; fd < 24; fd++) {
    const process = { args: ['sh', '-c', 'pwd; cat secret'], cwd: `/proc/self/fd/${fd}` }
    const { output } = await workshop.exec(id, [], { process }).catch((error: Error) => ({ output: error.message }))
    canary.verify(output)
  }
  assert.ok(handle > 2)
})

test('a working directory that is missing is made inside', rooted, async () => {
  await using workshop = new Workshop()
  const canary = new Canary(workshop)
  const bundle = workshop.bundle(['pwd'], (spec) => {
    spec.process.cwd = '/way/new/deep'
    spec.root.readonly = false
  })
  symlinkSync(canary.path, join(bundle, 'rootfs/way'))
  await workshop.runBundle(bundle).catch(() => {})
  canary.verify()
  assert.ok(statSync(join(bundle, 'rootfs', canary.path, 'new/deep')).isDirectory())
})

test('mount points that lead out are resolved and made inside', rooted, async () => {
  await using workshop = new Workshop()
  const canary = new Canary(workshop)
  const source = join(workshop.directory, 'source')
  writeFileSync(source, 'bound\n')
  const bundle = workshop.bundle(['sh', '-c', `cat ${canary.path}/a/b ${canary.path}/secret /up`], (spec) => {
    spec.root.readonly = false
    spec.mounts.push({ destination: '/way/a/b', type: 'bind', source, options: ['bind'] })
    spec.mounts.push({ destination: '/way/secret', type: 'bind', source, options: ['bind'] })
    spec.mounts.push({ destination: '/../../up', type: 'bind', source, options: ['bind'] })
  })
  symlinkSync(canary.path, join(bundle, 'rootfs/way'))
  assert.deepEqual(await workshop.runBundle(bundle), { exitCode: 0, output: 'bound\nbound\nbound\n' })
  canary.verify()
  assert.ok(lstatSync(join(bundle, 'rootfs', canary.path, 'a/b')).isFile())
})

test('/dev/console is made inside and never through a symlink', rooted, async () => {
  await using workshop = new Workshop()
  const canary = new Canary(workshop)
  const { listenUnix } = await import('@teu/linux')
  const consoleSocket = join(workshop.directory, 'console')
  const listener = listenUnix(consoleSocket, 8)
  const bundle = workshop.bundle(['true'], (spec) => {
    spec.process.terminal = true
    spec.mounts = spec.mounts.filter(({ destination }) => destination !== '/dev')
    spec.root.readonly = false
  })
  symlinkSync(join(canary.path, 'new'), join(bundle, 'rootfs/dev/console'))
  await assert.rejects(
    workshop.runtime.create('tty', { bundle, consoleSocket }),
    /mount \/dev\/console: too many levels/,
  )
  canary.verify()
  assert.ok(listener > 2)
})

test('nothing is mounted into procfs but what stands for it', rooted, async () => {
  await using workshop = new Workshop()
  const source = join(workshop.directory, 'uptime')
  writeFileSync(source, 'long\n')
  const folder = join(workshop.directory, 'folder')
  mkdirSync(folder)
  const mounted = (destination: string, from: string) =>
    workshop.run(['cat', '/proc/uptime'], (spec) => {
      spec.mounts.push({ destination, type: 'bind', source: from, options: ['bind'] })
    })
  for (const path of ['/proc/self/attr', '/proc/sys', '/proc/1', '/dev/fd/../../proc/sys/net']) {
    await assert.rejects(mounted(path, folder), /inside \/proc|create mountpoint/, path)
  }
  await assert.rejects(mounted('/proc', folder), /cannot be mounted because it is not of type proc/)
  assert.equal((await mounted('/proc/uptime', source)).output, 'long\n')
})

test('parameters of the host are out of reach', rooted, async () => {
  await using workshop = new Workshop()
  const before = readFileSync('/proc/sys/kernel/core_pattern', 'utf8')
  const set = (key: string, change: SpecChange = () => {}) =>
    workshop.run(['true'], (spec) => {
      spec.linux.sysctl = { [key]: '1' }
      change(spec)
    })
  await assert.rejects(set('kernel.core_pattern'), /is not in a separate kernel namespace/)
  await assert.rejects(set('net/../kernel/core_pattern'), /is not a parameter's name/)
  await assert.rejects(set('net.ipv4.ip_forward=1+kernel.core_pattern'), /no such file or directory/)
  const hostNetwork: SpecChange = (spec) => {
    spec.linux.namespaces = spec.linux.namespaces?.filter(({ type }) => type !== 'network') ?? []
  }
  await assert.rejects(set('net.ipv4.ip_forward', hostNetwork), /not allowed in host network namespace/)
  assert.equal(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), before)
})

test('what waits in a container is sealed, untraceable, and not the installed file', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['/proc/self/exe'], (spec) => {
    spec.process.user = { uid: 1000, gid: 1000 }
  })
  const installed = nativeFile('teu-init')
  const before = readFileSync(installed)
  const { pid, exited } = await workshop.runtime.create('sealed', { bundle, stdio: ['ignore', 'ignore', 'ignore'] })
  assert.match(readlinkSync(`/proc/${pid}/exe`), /^\/memfd:teu-init/)
  assert.notEqual(statSync(`/proc/${pid}/exe`).ino, statSync(installed).ino)
  assert.throws(() => openSync(`/proc/${pid}/exe`, 'r+'), /ETXTBSY|EPERM/)
  // The files of a process that is not dumpable belong to root, whoever it runs as.
  assert.equal(statSync(`/proc/${pid}/environ`).uid, 0)
  await workshop.runtime.start('sealed')
  assert.equal((await exited)?.exitCode, 2)
  assert.deepEqual(readFileSync(installed), before)
})

test('many and long mounts do not overflow anything', rooted, async () => {
  await using workshop = new Workshop()
  const long = `/${'x'.repeat(200)}`.repeat(15)
  await assert.rejects(
    workshop.run(['true'], (spec) => {
      spec.mounts.push({ destination: `/tmp/${'x'.repeat(70_000)}`, type: 'tmpfs', source: 'x' })
    }),
    /file name too long/,
  )
  const { output } = await workshop.run(
    ['sh', '-c', 'grep -c xxx /proc/self/mountinfo; readlink /proc/self/ns/net'],
    (spec) => {
      spec.root.readonly = false
      spec.mounts.push({ destination: '/tmp', type: 'tmpfs', source: 'x' })
      for (let index = 0; index < 300; index++) {
        spec.mounts.push({ destination: `/tmp/${index}${long}`, type: 'tmpfs', source: 'x', options: ['size=4k'] })
      }
    },
  )
  const [count, network] = output.trim().split('\n')
  assert.equal(count, '300')
  assert.notEqual(network, readlinkSync('/proc/self/ns/net'))
})
