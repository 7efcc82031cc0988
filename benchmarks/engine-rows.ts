// SPDX-License-Identifier: Apache-2.0
import { type Daemon, docker } from '../e2e/harness/originals.ts'
import type { Sandbox } from '../e2e/harness/sandbox.ts'
import { teu } from '../e2e/harness/stack.ts'
import type { BenchRun, Measured } from './bench-run.ts'
import { RawEngine } from './engine-client.ts'
import { pairwise, timed } from './measure.ts'

interface Engines {
  ours: Daemon
  dockerd: Daemon
  /** A small image in the registry, and one with a layer of 117 MB. */
  image: string
  debian: string
}

const names = {
  life: 'create+start+wait+remove',
  eight: 'eight of them at once',
  run: 'run --rm on the bridge, by each CLI',
  exec: 'exec',
  pull: 'pull of a 117 MB layer',
  remove: 'remove of a 117 MB layer',
  output: '100 MB of output through run',
} as const

/** Our engine beside dockerd, over the Docker Engine API and by each one's CLI. */
export async function engineRows(sandbox: Sandbox, engines: Engines, bench: BenchRun): Promise<void> {
  const { ours, dockerd, image, debian } = engines
  const [a, b] = [new RawEngine(ours.socket), new RawEngine(dockerd.socket)]
  const pair = async (
    runs: number,
    budget: number,
    mine: () => Promise<unknown>,
    theirs: () => Promise<unknown>,
  ): Promise<Measured> => ({ unit: 'ms', originalName: 'dockerd', budget, ...(await pairwise(runs, mine, theirs)) })
  const both = (runs: number, budget: number, work: (engine: RawEngine) => Promise<unknown>) =>
    pair(
      runs,
      budget,
      () => work(a),
      () => work(b),
    )

  await bench.together(Object.values(names), async () => {
    await a.pull(image)
    await b.pull(image)
    await bench.row(names.life, () => both(15, 1 / 4, (engine) => engine.lifecycle(image)))
    const eight = (engine: RawEngine) => Promise.all(Array.from({ length: 8 }, () => engine.lifecycle(image)))
    await bench.row(names.eight, () => both(3, 1 / 4, eight))
    const flags = ['run', '--rm', image, 'true']
    await bench.row(names.run, () =>
      pair(
        7,
        1 / 3,
        async () => exited(await teu(sandbox, ours.socket, ...flags)),
        async () => exited(await docker(sandbox, dockerd.socket, ...flags)),
      ),
    )
    await bench.row(names.exec, () => execRow(a, b, image, pair))
    await pullAndRemove(bench, [a, b], debian)
    const loud = ['run', '--rm', '--network', 'none', image, 'dd', 'if=/dev/zero', 'bs=1M', 'count=100']
    const discard = (program: string, socket: string) => () =>
      sandbox.output('sh', ['-c', `${program} -H unix://${socket} ${loud.join(' ')} >/dev/null 2>&1`])
    await bench.row(names.output, () => pair(3, 1 / 2, discard('teu', ours.socket), discard('docker', dockerd.socket)))
  })
}

function exited({ status, stderr }: { status: number | null; stderr: string }): void {
  if (status !== 0) throw new Error(`run ended with ${status}: ${stderr}`)
}

type Pair = (
  runs: number,
  budget: number,
  mine: () => Promise<unknown>,
  theirs: () => Promise<unknown>,
) => Promise<Measured>

async function execRow(a: RawEngine, b: RawEngine, image: string, pair: Pair): Promise<Measured> {
  const engines = [a, b]
  const ids = await Promise.all(engines.map((engine) => engine.create(image, ['sleep', '1000'])))
  try {
    for (const [index, engine] of engines.entries()) await engine.call('POST', `/containers/${ids[index]}/start`)
    return await pair(
      15,
      1 / 4,
      () => a.exec(ids[0] as string),
      () => b.exec(ids[1] as string),
    )
  } finally {
    for (const [index, engine] of engines.entries()) await engine.call('DELETE', `/containers/${ids[index]}?force=1`)
  }
}

/** Two rows of one measurement: what is pulled is removed, so that it can be pulled again. */
async function pullAndRemove(bench: BenchRun, engines: readonly [RawEngine, RawEngine], image: string): Promise<void> {
  const runs = 3
  const times = { pull: [[], []] as [number[], number[]], remove: [[], []] as [number[], number[]] }
  await bench.together([names.pull, names.remove], async () => {
    // The first round is not counted.
    for (let round = 0; round <= runs; round++)
      for (const [index, engine] of engines.entries()) {
        const pulled = await timed(() => engine.pull(image))
        const removed = await timed(() => engine.call('DELETE', `/images/${image}:latest`))
        if (round === 0) continue
        times.pull[index]?.push(pulled)
        times.remove[index]?.push(removed)
      }
    const row = ([ours, original]: [number[], number[]], budget: number): Measured => ({
      ...{ unit: 'ms', originalName: 'dockerd', budget, ours, original },
    })
    await bench.row(names.pull, async () => row(times.pull, 1 / 2))
    await bench.row(names.remove, async () => row(times.remove, 1))
  })
}
