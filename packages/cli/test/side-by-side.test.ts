// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { FakeEngine, type SeenRequest } from './fake-engine.ts'
import { routes } from './fixtures.ts'
import { invoke, original, run } from './invoke.ts'

/** Lines that both programs must answer alike: output, exit status and what they ask of the engine. */
const same = [
  'ps',
  'ps -a',
  'ps -q',
  'ps -aq --no-trunc',
  'ps -a=false -q',
  'ps -s --no-trunc',
  'ps -l',
  'ps -n 3 -f name=x -f status=running -f status=exited',
  'ps --format json',
  'ps --format raw',
  'ps --format table',
  'ps -q --format x',
  'ps --format {{json_.}}',
  'ps --format {{.ID}}\\t{{.Names}}\\n{{.Label_"a"}}',
  'ps --format table_{{json_.ID}}_{{.Label_"com.example.b-c"}}\\t{{.Labels}}_{{.Mounts}}',
  'ps --format {{.Mounts}}_{{.Size}}',
  'ps --format {{.CreatedAt}}|{{.RunningFor}}|{{.LocalVolumes}}|{{.Networks}}|{{.Platform}}|{{.Image}}|{{.Command}}',
  'ps --format {{.Foo}}',
  'ps --format table_{{.Foo}}',
  'ps --format {{.ID',
  'ps --format {{nope_.ID}}',
  'ps --format {{.Label}}',
  'ps --format {{range_.Ports}}x{{end}}',
  'ps --format {{upper_3}}',
  'ps --format {{if_eq_.State_"running"}}R{{else_if_eq_.State_"exited"}}X{{else}}N{{end}}',
  'ps --format {{with_.Names}}[{{.}}]{{end}}{{len_.ID}}',
  'ps --format {{slice_.ID_0_4}}-{{printf_"%-8s|%5d|%q"_.State_7_.Names}}',
  'ps --format {{$x_:=_.ID}}{{range_$i,_$c_:=_split_.Names_""}}{{$i}}{{$c}},{{end}}{{$x}}',
  'ps --format {{pad_.State_2_3}}|{{truncate_.ID_4}}|{{title_.State}}|{{.State_|_upper_|_printf_"%s!"}}',
  'ps -f x',
  'ps x',
  'ps -z',
  'ps --last x',
  'images',
  'images -a --no-trunc',
  'images --digests',
  'images -q',
  'images --format json busybox',
  'images --format {{.Digest}}_{{.Repository}}',
  'images -f reference=x y',
  'history busybox',
  'history -q busybox',
  'history --no-trunc -H=false busybox',
  'history --format json busybox',
  'history nope',
  'inspect web',
  'inspect busybox',
  'inspect net1',
  'inspect -s web',
  'inspect --type image busybox',
  'inspect --type nope x',
  'inspect -f {{.Name}}_{{.State.Pid}}_{{.ID}}_{{.HostConfig.NanoCPUs}} web',
  'inspect -f {{json_.Config.Env}} web',
  'inspect -f {{.State.Health}}|{{.HostConfig.CapAdd}}|{{.Config.Healthcheck}} web',
  'inspect -f {{if_.State.Health}}{{.State.Health.Status}}{{else}}none{{end}} web',
  'inspect -f {{range_$k,_$v_:=_.NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}};{{end}} web',
  'inspect -f {{range_.Config.Env}}{{println_.}}{{end}} web',
  'inspect -f {{index_.Config.Labels_"a"}}{{index_.Config.Env_0}} web',
  'inspect -f {{.Config.Labels}}_{{.Args}} web',
  'inspect -f {{(index_(index_.NetworkSettings.Ports_"80/tcp")_0).HostPort}} web',
  'inspect -f {{join_.Args_":"}} web',
  'inspect -f {{.Foo}} web',
  'inspect -f {{.Id web',
  'inspect -f {{.Name}} web',
  'inspect --format json web',
  'image inspect nope',
  'container inspect nope',
  'container inspect -f {{.Name}} web nope',
  'port web',
  'port web 80',
  'port web 81',
  'port web 9/udp',
  'port web x',
  'top web',
  'top web -o pid',
  'stop web nope other',
  'stop -t 3 -s HUP web',
  'restart web',
  'kill web',
  'kill -s USR1 web',
  'kill --signal=9 web',
  'rm web nope',
  'rm -fv web',
  'pause web',
  'unpause web',
  'rename web b',
  'rename a',
  'wait web other',
  'start web nope other',
  'start -a a b',
  'rmi a nope b',
  'rmi -f --no-prune a',
  'rmi --platform linux/arm64 --platform linux/amd64,linux/386 a',
  'rmi --platform foobar a',
  'save --platform foobar -o /nope/x a',
  'load --platform foobar',
  'load --platform linux/arm64',
  'push --platform foobar localhost:5000/x',
  'push -q --platform linux/arm64 localhost:5000/x',
  'image inspect --platform linux/arm64 a',
  'image inspect --platform foobar a',
  'history --platform linux/arm64 a',
  'history --platform foobar a',
  'tag a b:c',
  'tag a B',
  'tag a',
  'pull busybox',
  'pull -q busybox',
  'pull A',
  'pull -a a:b',
  'push localhost:5000/x',
  'push -q localhost:5000/x:y',
  'events --since 1 --until 2 -f type=container',
  'events --format json',
  'events --format {{json_.}}',
  'events --format {{.ID}}_{{.Action}}_{{.Type}}_{{.Actor.Attributes.name}}',
  'events --since x',
  'info',
  'info --format {{.Name}}_{{.Swarm.LocalNodeState}}',
  'version --format {{.Server.Version}}_{{.Client.Version}}',
  'version --format {{.Foo',
  'run',
  'rm',
  'wait',
  'pull',
  'inspect',
  'nope',
  'container nope',
  '-z',
  'run --foo x',
  'run -m x y',
  'run --rm=x y',
  'run -c zz y',
  'run -e',
  'run --name',
  'run --=x a',
  'run --cpus zz a',
  'run --health-interval 5 a',
  'run --pull foo a',
  'create --pull foo a',
  'run -v :::: a',
  'run -it a',
  'run -d -a stdout x',
  'run --rm --restart always x',
  'run --network host --network-alias x b',
  'create A',
  'create a:b:c',
  'exec web',
  'exec -t nope true',
  'logs nope',
  'save -o /nope/x a',
  'export -o /tmp a',
  'load -i /nope',
  '-l foo ps',
  '-H foo://x ps',
  '-H a -c b ps',
  '-H a -H b ps',
  '-c nope ps',
  '--debug=x ps',
  '-H unix:///nope.sock ps',
  '-H unix:///nope.sock run x',
  '-H unix:///nope.sock create x',
  '-H unix:///nope.sock rm a b',
]

if (original)
  describe('the same line, given to docker and to this program', () => {
    let theirs: FakeEngine
    let own: FakeEngine
    before(async () => {
      theirs = await FakeEngine.start(routes)
      own = await FakeEngine.start(routes)
    })
    after(async () => {
      await theirs[Symbol.asyncDispose]()
      await own[Symbol.asyncDispose]()
    })
    for (const line of same) {
      test(line, async () => {
        theirs.reset()
        own.reset()
        const args = argsOf(line)
        const [expected, actual] = await Promise.all([
          invoke(original as readonly string[], args, hostUnlessNamed(args, theirs)),
          run(args, hostUnlessNamed(args, own)),
        ])
        assert.deepEqual(
          { ...actual, stderr: plain(actual.stderr), stdout: actual.stdout.trimEnd(), calls: callsOf(own) },
          { ...expected, stderr: plain(expected.stderr), stdout: expected.stdout.trimEnd(), calls: callsOf(theirs) },
        )
      })
    }
  })

/** Words of a line; an underscore stands for a blank inside a word. */
function argsOf(line: string): string[] {
  return line.split(' ').map((word) => word.replaceAll('_', ' '))
}

function hostUnlessNamed(args: readonly string[], engine: FakeEngine): { host?: string } {
  return args.some((arg) => arg === '-H' || arg === '-c') ? {} : { host: engine.host }
}

function plain(text: string): string {
  return text.trim().replaceAll('/nonexistent', '').replaceAll('/root', '')
}

/** What was asked, in no order: commands ask about several names at once. */
function callsOf({ requests }: FakeEngine): string[] {
  return requests
    .filter(({ path }) => !/^\/(_ping|info|plugins)/.test(path))
    .map(({ method, path, query }: SeenRequest) => `${method} ${path} ${JSON.stringify(sorted(query))}`)
    .sort()
}

/** The query with keys in order, also those of the filters inside it. */
function sorted(query: SeenRequest['query']): unknown[] {
  const order = (_: string, value: unknown) =>
    typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).sort()) : value
  return Object.entries(query)
    .sort()
    .map(([name, value]) => [name, name === 'filters' ? JSON.stringify(JSON.parse(String(value)), order) : value])
}
