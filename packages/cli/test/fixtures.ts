// SPDX-License-Identifier: Apache-2.0
import type { FakeRoutes } from './fake-engine.ts'

const hex = (pair: string) => pair.repeat(32)
const digest = (pair: string) => `sha256:${hex(pair)}`

/** Two containers as a list shows them. */
export const containers = [
  {
    Id: 'abcdef0123456789'.repeat(4),
    Names: ['/web', '/other/web'],
    Image: 'nginx:1.2',
    ImageID: digest('12'),
    Command: 'nginx -g "daemon off;" and more',
    Created: 1700000000,
    Ports: [
      { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { PrivatePort: 443, Type: 'tcp' },
      { PrivatePort: 444, Type: 'tcp' },
      { IP: '127.0.0.1', PrivatePort: 5000, PublicPort: 5000, Type: 'udp' },
    ],
    Labels: { a: '1', 'com.example.b-c': '2' },
    State: 'running',
    Status: 'Up 2 minutes',
    HostConfig: { NetworkMode: 'bridge' },
    NetworkSettings: { Networks: { bridge: {} } },
    Mounts: [
      { Type: 'volume', Name: 'longnamevolume1234567890', Source: '/x', Destination: '/d', Driver: 'local' },
      { Type: 'bind', Source: '/host', Destination: '/e' },
    ],
    SizeRw: 12345,
    SizeRootFs: 123456789,
  },
  {
    Id: 'fedcba9876543210'.repeat(4),
    Names: ['/job'],
    Image: `busybox@${digest('cd')}`,
    ImageID: digest('ab'),
    Command: 'sh',
    Created: 1600000000,
    Ports: [],
    Labels: {},
    State: 'exited',
    Status: 'Exited (0) 8 days ago',
    HostConfig: { NetworkMode: 'none' },
    NetworkSettings: { Networks: { none: {} } },
    Mounts: [],
  },
]

/** Images as a list shows them; each has its names in one repository, since the original orders repositories at random. */
export const images = [
  {
    Id: digest('ab'),
    ParentId: '',
    RepoTags: ['busybox:latest', 'busybox:1.36'],
    RepoDigests: [`busybox@${digest('cd')}`],
    Created: 1700000000,
    Size: 4261550,
    SharedSize: -1,
    Labels: null,
    Containers: -1,
  },
  {
    Id: digest('ef'),
    ParentId: '',
    RepoTags: [],
    RepoDigests: [],
    Created: 1600000000,
    Size: 999999,
    SharedSize: 1000,
    Labels: { a: 'b' },
    Containers: 2,
  },
  {
    Id: digest('12'),
    ParentId: '',
    RepoTags: null,
    RepoDigests: [`reg.example.com:5000/a/b@${digest('cd')}`],
    Created: 0,
    Size: 12,
    SharedSize: -1,
    Labels: {},
    Containers: 0,
  },
]

/** Steps of an image. */
export const history = [
  {
    Id: digest('ab'),
    Created: 1700000000,
    CreatedBy: '/bin/sh -c #(nop)  CMD ["sh"] some long command that is over 45 characters',
    Tags: ['busybox:latest'],
    Size: 0,
    Comment: '',
  },
  { Id: '<missing>', Created: 1600000000, CreatedBy: '/bin/sh -c echo\thi', Tags: null, Size: 4260000, Comment: 'c' },
]

/** A container's inspect answer with the fields that templates of the tests read. */
export const inspected = {
  Id: 'abcdef0123456789'.repeat(4),
  Created: '2023-11-14T22:13:20.5Z',
  Path: 'nginx',
  Args: ['-g', 'daemon off;'],
  State: {
    Status: 'running',
    Running: true,
    Paused: false,
    Restarting: false,
    OOMKilled: false,
    Dead: false,
    Pid: 4321,
    ExitCode: 0,
    Error: '',
    StartedAt: '2023-11-14T22:13:21Z',
    FinishedAt: '0001-01-01T00:00:00Z',
  },
  Image: digest('12'),
  Name: '/web',
  RestartCount: 2,
  Driver: 'overlay2',
  Platform: 'linux',
  MountLabel: '',
  ProcessLabel: '',
  AppArmorProfile: '',
  ExecIDs: null,
  HostConfig: {
    NetworkMode: 'bridge',
    Binds: null,
    CapAdd: null,
    Memory: 67108864,
    NanoCpus: 1500000000,
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
  },
  Mounts: [{ Type: 'bind', Source: '/host', Destination: '/e', Mode: '', RW: true, Propagation: 'rprivate' }],
  Config: {
    Hostname: 'web',
    Env: ['PATH=/bin', 'A=<b>'],
    Cmd: ['-g', 'daemon off;'],
    Image: 'nginx:1.2',
    WorkingDir: '',
    Labels: { a: '1', b: '2' },
    Tty: false,
  },
  NetworkSettings: {
    Ports: {
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
      ],
      '443/tcp': null,
      '9/udp': [{ HostIp: '127.0.0.1', HostPort: '9' }],
    },
    Networks: { bridge: { IPAddress: '172.17.0.2', NetworkID: 'n1' } },
  },
}

const events = [
  {
    status: 'create',
    id: hex('aa'),
    from: 'busybox',
    Type: 'container',
    Action: 'create',
    Actor: { ID: hex('aa'), Attributes: { name: 'x', image: 'busybox' } },
    scope: 'local',
    time: 1700000000,
    timeNano: 1700000000123456800,
  },
  {
    Type: 'network',
    Action: 'connect',
    Actor: { ID: 'n1', Attributes: {} },
    scope: 'local',
    time: 1700000001,
    timeNano: 1700000001000000000,
  },
]

/** The answer of `GET /info`, with one runtime, as the original orders several at random. */
export const info = {
  ID: 'abc',
  Containers: 3,
  ContainersRunning: 1,
  ContainersPaused: 0,
  ContainersStopped: 2,
  Images: 5,
  Driver: 'overlay2',
  DriverStatus: [
    ['Backing Filesystem', 'extfs'],
    ['driver-type', 'io.containerd.snapshotter.v1'],
  ],
  Plugins: { Volume: ['local'], Network: ['bridge', 'host', 'null'], Authorization: null, Log: ['json-file', 'local'] },
  Debug: true,
  NFd: 24,
  NGoroutines: 40,
  SystemTime: '2024-01-01T00:00:00Z',
  LoggingDriver: 'json-file',
  CgroupDriver: 'cgroupfs',
  CgroupVersion: '1',
  NEventsListener: 0,
  KernelVersion: '6.1',
  OperatingSystem: 'Debian',
  OSType: 'linux',
  Architecture: 'x86_64',
  RegistryConfig: {
    InsecureRegistryCIDRs: ['127.0.0.0/8'],
    IndexConfigs: { 'docker.io': { Name: 'docker.io', Mirrors: [], Secure: true, Official: true } },
    Mirrors: ['https://mirror/'],
  },
  NCPU: 2,
  MemTotal: 4123456789,
  DockerRootDir: '/var/lib/docker',
  HttpProxy: 'http://p',
  Name: 'host1',
  Labels: ['a=b'],
  ExperimentalBuild: false,
  ServerVersion: '28.2.2',
  Runtimes: { runc: { path: 'runc' } },
  DefaultRuntime: 'runc',
  Swarm: { NodeID: '', NodeAddr: '', LocalNodeState: 'inactive', ControlAvailable: false, Error: '' },
  LiveRestoreEnabled: false,
  InitBinary: 'docker-init',
  ContainerdCommit: { ID: 'cid' },
  RuncCommit: { ID: 'rid' },
  InitCommit: { ID: 'iid' },
  SecurityOptions: ['name=seccomp,profile=builtin', 'name=cgroupns'],
  DefaultAddressPools: [{ Base: '172.16.0.0/12', Size: 24 }],
  FirewallBackend: { Driver: 'iptables' },
  CDISpecDirs: ['/etc/cdi'],
  Warnings: ['WARNING: No swap limit support'],
}

const version = {
  Platform: { Name: 'Docker Engine - Community' },
  Components: [
    {
      Name: 'Engine',
      Version: '28.2.2',
      Details: {
        ApiVersion: '1.50',
        Arch: 'amd64',
        BuildTime: '2025-05-30T12:07:14.000000000+00:00',
        Experimental: 'false',
        GitCommit: '45873be',
        GoVersion: 'go1.24.3',
        KernelVersion: '6.1',
        MinAPIVersion: '1.24',
        Os: 'linux',
      },
    },
    { Name: 'containerd', Version: '1.7', Details: { GitCommit: 'abc' } },
  ],
  Version: '28.2.2',
  ApiVersion: '1.50',
  MinAPIVersion: '1.24',
  GitCommit: '45873be',
  GoVersion: 'go1.24.3',
  Os: 'linux',
  Arch: 'amd64',
  KernelVersion: '6.1',
  BuildTime: '2025-05-30T12:07:14.000000000+00:00',
}

const pullMessages = [
  { status: 'Pulling from library/busybox', id: 'latest' },
  { status: 'Pulling fs layer', progressDetail: {}, id: 'aaaaaaaaaaaa' },
  { status: 'Downloading', progressDetail: { current: 1000, total: 4000 }, progress: '[=> ]', id: 'aaaaaaaaaaaa' },
  { status: 'Download complete', progressDetail: {}, id: 'aaaaaaaaaaaa' },
  { status: 'Pull complete', progressDetail: {}, id: 'aaaaaaaaaaaa' },
  { status: `Digest: ${digest('cd')}` },
  { status: 'Status: Downloaded newer image for busybox:latest' },
]

const pushMessages = [
  { status: 'The push refers to repository [localhost:5000/x]' },
  { status: 'Preparing', progressDetail: {}, id: 'aaaaaaaaaaaa' },
  { status: 'Pushed', progressDetail: {}, id: 'aaaaaaaaaaaa' },
  { status: `latest: digest: ${digest('cd')} size: 527` },
  { progressDetail: {}, aux: { Tag: 'latest', Digest: digest('cd'), Size: 527 } },
]

function lines(messages: readonly object[]): FakeRoutes[string] {
  return ({ response }) => {
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.end(messages.map((message) => `${JSON.stringify(message)}\r\n`).join(''))
  }
}

const missing =
  (what: string): FakeRoutes[string] =>
  ({ fail, request }) =>
    fail(404, `No such ${what}: ${request.path.split('/')[2]}`)

/** An engine with the objects above; whatever is called `nope` is not there. */
export const routes: FakeRoutes = {
  'GET /containers/json': ({ json }) => json(containers),
  'GET /containers/web/json': ({ json }) => json(inspected),
  'GET /containers/web/top': ({ json }) =>
    json({
      Titles: ['UID', 'PID', 'CMD'],
      Processes: [
        ['root', '1', 'sleep 1'],
        ['root', '1234567', 'sh'],
      ],
    }),
  'GET /containers/{id}/json': missing('container'),
  'GET /images/json': ({ json }) => json(images),
  'GET /images/busybox/json': ({ json }) => json({ Id: digest('ab'), RepoTags: ['busybox:latest'], Size: 4 }),
  'GET /images/busybox/history': ({ json }) => json(history),
  'GET /images/{id}/history': missing('image'),
  'GET /images/{id}/json': missing('image'),
  'GET /networks/net1': ({ json }) => json({ Name: 'net1', Id: 'n1' }),
  'GET /networks/{id}': ({ fail }) => fail(404, 'network nope not found'),
  'GET /volumes/{id}': ({ fail }) => fail(404, 'get nope: no such volume'),
  'GET /plugins/{id}/json': ({ fail }) => fail(404, 'plugin not found'),
  'GET /events': lines(events),
  'GET /info': ({ json }) => json(info),
  'GET /version': ({ json }) => json(version),
  'POST /images/create': lines(pullMessages),
  'POST /images/{id}/push': lines(pushMessages),
  'POST /images/{id}/tag': ({ empty }) => empty(201),
  'DELETE /images/nope': ({ fail }) => fail(404, 'No such image: nope:latest'),
  'DELETE /images/{id}': ({ json }) => json([{ Untagged: 'busybox:latest' }, { Deleted: digest('ab') }]),
  'DELETE /containers/nope': missing('container'),
  'DELETE /containers/{id}': ({ empty }) => empty(),
  'POST /containers/nope/stop': missing('container'),
  'POST /containers/nope/start': missing('container'),
  'POST /containers/{id}/wait': ({ json }) => json({ StatusCode: 3 }),
  'POST /containers/{id}/{action}': ({ empty }) => empty(),
}
