// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Docker } from './docker-columns.ts'
import type { Walk } from './docker-compare.ts'
import { until } from './sandbox.ts'

/** Files of containers from outside, and namespaces that they share. */
export const fileWalks = {
  async 'cp both ways'(docker: Docker) {
    const folder = mkdtempSync('/tmp/te-cp-')
    try {
      writeFileSync(path.join(folder, 'file'), 'given\n', { mode: 0o640 })
      symlinkSync('file', path.join(folder, 'link'))
      mkdirSync(path.join(folder, 'tree/below'), { recursive: true })
      writeFileSync(path.join(folder, 'tree/below/leaf'), 'leaf\n')
      const name = await docker.start('cp', ['--tmpfs', '/scratch', '--mount', 'type=volume,dst=/volume'], 'sleep 1000')
      const cp = async (...args: string[]) =>
        docker.plain(JSON.stringify(await docker.run('cp', ...args))).replaceAll(folder, '')
      const inward = [
        await cp(path.join(folder, 'file'), `${name}:/etc/given`),
        await cp('-a', path.join(folder, 'link'), `${name}:/etc/`),
        await cp(path.join(folder, 'tree'), `${name}:/volume`),
        await cp(path.join(folder, 'file'), `${name}:/no/such/folder/file`),
        await cp(path.join(folder, 'absent'), `${name}:/`),
      ]
      const seen = await docker.run(
        'exec',
        name,
        'sh',
        '-c',
        'cat /etc/given /volume/tree/below/leaf; stat -c "%a %u %N" /etc/given /etc/link',
      )
      assert.match(seen.stdout, /^given\nleaf\n640 0 /)
      await docker.output(
        'exec',
        name,
        'sh',
        '-c',
        'mkdir -p /out/deep; echo mine >/out/deep/file; ln -s /out/deep/file /out/link; chmod 700 /out/deep',
      )
      const outward = [
        await cp(`${name}:/out`, folder),
        await cp('-L', `${name}:/out/link`, path.join(folder, 'followed')),
        await cp(`${name}:/proc/1/status`, path.join(folder, 'status')),
        await cp(`${name}:/absent`, folder),
      ]
      const got = [path.join(folder, 'out/deep/file'), path.join(folder, 'followed')].map((file) =>
        readFileSync(file, 'utf8'),
      )
      assert.deepEqual(got, ['mine\n', 'mine\n'])
      await docker.output('kill', name)
      await docker.output('wait', name)
      const stopped = [
        await cp(path.join(folder, 'file'), `${name}:/later`),
        await cp(`${name}:/later`, path.join(folder, 'later')),
      ]
      const diff = (await docker.output('diff', name)).split('\n').sort()
      await docker.output('rm', '-v', name)
      return { inward, seen, outward, stopped, diff, later: readFileSync(path.join(folder, 'later'), 'utf8') }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },

  async 'what a runtime makes in the root'(docker: Docker) {
    const flags = [
      '-v',
      '/etc/hostname:/made/by/mount',
      '--tmpfs',
      '/also/made',
      '--workdir',
      '/place/here',
      '--read-only',
    ]
    const name = await docker.start(
      'made',
      flags,
      'ls -ld /made /made/by /made/by/mount /also /also/made /place /place/here',
    )
    await docker.output('wait', name)
    const listed = (await docker.output('logs', name)).replaceAll(/ +\d+ \w{3} +\d+ [\d:]+ /g, ' ')
    const diff = (await docker.output('diff', name)).split('\n').sort()
    assert.ok(diff.includes('A /made/by/mount'), diff.join('\n'))
    await docker.output('rm', name)
    return { listed, diff }
  },

  async '--ipc, --pid, --network container:ID'(docker: Docker) {
    const flags = ['--ipc', 'shareable']
    const base = await docker.start(
      'base',
      flags,
      'echo 1 >/dev/shm/x; trap "exit 4" TERM; echo up; while :; do sleep 0.1; done',
    )
    await until('it is up', async () => (await docker.output('logs', base)) === 'up\n')
    const joined = ['ipc', 'pid', 'network'].flatMap((kind) => [`--${kind}`, `container:${base}`])
    const script =
      'cat /dev/shm/x; tr "\\0" " " </proc/1/cmdline; echo; for n in ipc pid net uts mnt; do [ $(readlink /proc/1/ns/$n) = $(readlink /proc/self/ns/$n) ] && echo shares $n; done; ps | grep -q "[t]rap" && echo sees it'
    const seen = await docker.run(
      ...docker.words('guest', ['--rm', '--cap-add', 'SYS_PTRACE', ...joined], 'sh', '-c', script),
    )
    assert.match(seen.stdout, /^1\nsh -c echo 1.*\nshares ipc\nshares pid\nshares net\nsees it\n/)
    const guest = await docker.start('guest', ['--pid', `container:${base}`], 'echo up; exec sleep 1000')
    await until('the guest is up', async () => (await docker.output('logs', guest)) === 'up\n')
    const processes = await docker.processesWith(guest, 'sleep 1000')
    const exec = await docker.run('exec', guest, 'sh', '-c', 'tr "\\0" " " </proc/1/cmdline | cut -c 1-20')
    // One that leaves on its own does not take the other along; the owner of the namespace takes everybody.
    const leaving = await docker.run(
      ...docker.words('leaving', ['--rm', '--pid', `container:${base}`], 'sh', '-c', 'sleep 1001 & exit 7'),
    )
    const alive = await docker.inspect(base, '.State.Running')
    await docker.output('kill', '-s', 'TERM', base)
    const ends = [await docker.output('wait', base), await docker.output('wait', guest)]
    assert.deepEqual(ends, ['4\n', '137\n'])
    const gone = await docker.run(...docker.words('late', ['--rm', '--pid', `container:${base}`], 'true'))
    await docker.output('rm', base, guest)
    return { seen, processes, exec, leaving, alive, ends, gone }
  },
} satisfies Record<string, Walk>
