// SPDX-License-Identifier: Apache-2.0
// Debian's dockerd with our shim and runtime as what it runs everything with: `docker build` goes as with the originals.
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { docker, startContainerd, startDockerd, stopDockerd } from './harness/originals.ts'
import { imageArchive } from './harness/programs.ts'
import { type Sandbox, sandboxTest } from './harness/sandbox.ts'

// All on one stream: which of a container's two streams comes first is nobody's promise.
const recipe = `FROM busybox
RUN id; echo made >/made; ls -l /dev | tr -s ' ' | cut -d ' ' -f 1,3,4; grep -E '^(Cap|Seccomp:)' /proc/self/status
USER user
WORKDIR /work
ENV KEPT=kept
RUN id; pwd; cat /made; echo $KEPT; touch /denied 2>&1 || true
CMD ["cat", "/made"]
`

/** What a build, one that fails, and what was built say under a dockerd. */
async function build(sandbox: Sandbox, name: string, env: Record<string, string>, flags: readonly string[]) {
  const { socket: containerd } = await startContainerd(sandbox, { name: `c${name}`, env })
  const own = ['--bridge=none', `--containerd=${containerd}`, ...flags]
  const dockerd = await startDockerd(sandbox, { name: `d${name}`, env, flags: own })
  const { status, stderr } = await docker(sandbox, dockerd.socket, 'load', '-i', imageArchive('busybox'))
  assert.equal(status, 0, stderr)
  const run = (command: string[], input: string) =>
    sandbox.run('docker', ['-H', `unix://${dockerd.socket}`, ...command], { input, env: { DOCKER_BUILDKIT: '0' } })
  const said = [
    await run(['build', '--network', 'none', '-t', 'built', '-'], recipe),
    await run(['build', '--network', 'none', '-'], 'FROM busybox\nRUN exit 7\n'),
    await run(['build', '--network', 'none', '-'], 'FROM busybox\nRUN ["no-such-program"]\n'),
    await run(['run', '--rm', '--network', 'none', 'built'], ''),
  ]
  await stopDockerd(sandbox, dockerd)
  return said.map((result) => ({ ...result, stdout: plain(result.stdout), stderr: plain(result.stderr) }))
}

function plain(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID12')
    .replaceAll(/(OCI runtime create failed: )(runc create failed: )?/g, '$1')
}

sandboxTest('docker build with --default-runtime', async (sandbox) => {
  mkdirSync(sandbox.path('first'))
  symlinkSync(sandbox.path('bin', 'containerd-shim-teu-v1'), sandbox.path('first', 'containerd-shim-runc-v2'))
  const env = { PATH: `${sandbox.path('first')}:${sandbox.env.PATH}` }
  const runtime = ['--add-runtime', `teu=${sandbox.path('bin', 'teu-runtime')}`, '--default-runtime', 'teu']
  const [original, ours] = await Promise.all([build(sandbox, '1', {}, []), build(sandbox, '2', env, runtime)])
  assert.deepEqual(ours, original)
  const [built, failed, missing, run] = original
  assert.match(
    built?.stdout ?? '',
    /uid=1000\(user\)[^\n]*\n\/work\nmade\nkept\ntouch: \/denied: Permission denied\n[\s\S]*Successfully tagged built:latest\n/,
  )
  assert.match(failed?.stderr ?? '', /returned a non-zero code: 7\n/)
  assert.match(missing?.stderr ?? '', /exec: "no-such-program": executable file not found in \$PATH/)
  assert.equal(run?.stdout, 'made\n')
})
