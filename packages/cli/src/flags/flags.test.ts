// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import test from 'node:test'
import { checkExtraHost, checkIp, checkLabel, checkSearchDomain, checkSysctl, isMac } from './checks.ts'
import { parseCpus } from './cpus.ts'
import { splitCsv } from './csv.ts'
import { parseDevices, parseGpus } from './device.ts'
import { parseBpsDevice, parseIopsDevice, parseUlimit, parseWeightDevice } from './limits.ts'
import { parseMount } from './mount.ts'
import { parseNetwork } from './network.ts'
import { parsePorts } from './publish.ts'
import { parseRestartPolicy } from './restart-policy.ts'
import { timeOf } from './time.ts'
import { splitVolumes } from './volume.ts'

function refuses(what: () => unknown, text: string): void {
  assert.throws(what, (error: Error) => {
    assert.equal(error.message, text)
    return true
  })
}

test('fields of one value are cut at commas outside quotes', () => {
  assert.deepEqual(splitCsv('a,"b,c",d'), ['a', 'b,c', 'd'])
  assert.deepEqual(splitCsv('"say ""hi"""'), ['say "hi"'])
  assert.deepEqual(splitCsv('a,'), ['a', ''])
  refuses(() => splitCsv(''), 'EOF')
  refuses(() => splitCsv('a"b'), 'parse error on line 1, column 2: bare " in non-quoted-field')
})

test('mounts', () => {
  assert.deepEqual(parseMount('type=bind,src=/a,dst=/b,ro'), {
    Type: 'bind',
    Source: '/a',
    Target: '/b',
    ReadOnly: true,
  })
  assert.equal(parseMount('type=bind,src=./a,dst=/b').Source, resolve('a'))
  assert.deepEqual(parseMount('type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1777').TmpfsOptions, {
    SizeBytes: 1048576,
    Mode: 0o1777,
  })
  refuses(() => parseMount('type=bind'), 'target is required')
  refuses(() => parseMount('type=,dst=/a'), 'type is required')
  refuses(() => parseMount('type=bind,dst=/a,nope=1'), "unexpected key 'nope' in 'nope=1'")
  refuses(() => parseMount('x,dst=/a'), "invalid field 'x' must be a key=value pair")
  refuses(() => parseMount('dst=/a,__proto__=1'), "unexpected key '__proto__' in '__proto__=1'")
  refuses(() => parseMount('dst=/a,volume-nocopy=zz'), 'invalid value for volume-nocopy: zz')
  refuses(() => parseMount('type=tmpfs,dst=/a,tmpfs-mode=999'), 'invalid value for tmpfs-mode: 999')
  refuses(() => parseMount('dst=/a,bind-propagation=shared'), "cannot mix 'bind-*' options with mount type 'volume'")
  refuses(
    () => parseMount('type=bind,src=/a,dst=/b,bind-recursive=readonly'),
    "option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction",
  )
})

test('volumes are binds when they have a source', () => {
  assert.deepEqual(splitVolumes(['/a:/b:ro', 'name:/c', '/anonymous', 'x', './d:/e'], '/home'), {
    binds: ['/a:/b:ro', 'name:/c', '/home/d:/e'],
    volumes: { '/anonymous': {}, x: {} },
  })
  refuses(() => splitVolumes([':/b']), 'invalid spec: :/b: empty section between colons')
  refuses(() => splitVolumes(['']), 'invalid empty volume spec')
  refuses(() => splitVolumes(['a1:/b:ro:x:y']), 'invalid spec: a1:/b:ro:x:y: too many colons')
})

test('published and exposed ports', () => {
  const { exposed, bindings } = parsePorts(['8080:80', '127.0.0.1::53/udp', '9000-9001:90-91', '[::1]:1:1'], ['7-8'])
  assert.deepEqual(Object.keys(exposed), ['80/tcp', '53/udp', '90/tcp', '91/tcp', '1/tcp', '7/tcp', '8/tcp'])
  assert.deepEqual(bindings['80/tcp'], [{ HostIp: '', HostPort: '8080' }])
  assert.deepEqual(bindings['53/udp'], [{ HostIp: '127.0.0.1', HostPort: '' }])
  assert.deepEqual(bindings['91/tcp'], [{ HostIp: '', HostPort: '9001' }])
  assert.deepEqual(bindings['1/tcp'], [{ HostIp: '::1', HostPort: '1' }])
  assert.deepEqual(parsePorts(['8000-8010:80'], []).bindings['80/tcp'], [{ HostIp: '', HostPort: '8000-8010' }])
  refuses(() => parsePorts(['99999'], []), 'invalid containerPort: 99999')
  refuses(() => parsePorts(['a:80'], []), 'invalid hostPort: a')
  refuses(() => parsePorts(['80/foo'], []), 'invalid proto: foo')
  refuses(() => parsePorts([''], []), 'no port specified: <empty>')
  refuses(() => parsePorts(['localhost:80:80'], []), 'invalid IP address: localhost')
  refuses(() => parsePorts(['1-2:3-5'], []), 'invalid ranges specified for container and host Ports: 3-5 and 1-2')
  refuses(() => parsePorts([], ['80:90']), 'invalid port format for --expose: 80:90')
  refuses(
    () => parsePorts([], ['80-70']),
    'invalid range format for --expose: 80-70, error: invalid range specified for port: 80-70',
  )
})

test('networks', () => {
  assert.deepEqual(parseNetwork('host'), { target: 'host' })
  assert.deepEqual(parseNetwork('name=n,alias=a,alias=b,ip=10.0.0.5,driver-opt=K=v,gw-priority=-3'), {
    target: 'n',
    aliases: ['a', 'b'],
    ipv4: '10.0.0.5',
    driverOptions: { k: 'v' },
    gatewayPriority: -3,
  })
  refuses(() => parseNetwork('name=n,foo=y'), 'invalid field key foo')
  refuses(() => parseNetwork('alias=a'), 'network name/id is not specified')
  refuses(() => parseNetwork('name=n,driver-opt=x'), 'invalid key value pair format in driver options')
})

test('CPUs are exact to a billionth', () => {
  for (const [text, nanos] of [
    ['1.5', 1.5e9],
    ['3/2', 1.5e9],
    ['5e-1', 5e8],
    ['.25', 2.5e8],
    ['0.000000001', 1],
  ] as const) {
    assert.equal(parseCpus(text), nanos, text)
  }
  refuses(() => parseCpus('0.0000000001'), 'value is too precise')
  refuses(() => parseCpus('zz'), 'failed to parse zz as a rational number')
  refuses(() => parseCpus('1/0'), 'failed to parse 1/0 as a rational number')
  refuses(() => parseCpus('1e999999999'), 'failed to parse 1e999999999 as a rational number')
})

test('limits', () => {
  assert.deepEqual(parseUlimit('nofile=1:2'), { Name: 'nofile', Hard: 2, Soft: 1 })
  assert.deepEqual(parseUlimit('core=-1'), { Name: 'core', Hard: -1, Soft: -1 })
  refuses(() => parseUlimit('x'), 'invalid ulimit argument: x')
  refuses(() => parseUlimit('foo=1'), 'invalid ulimit type: foo')
  refuses(() => parseUlimit('nofile=3:1'), 'ulimit soft limit must be less than or equal to hard limit: 3 > 1')
  refuses(() => parseUlimit('nofile=a'), 'strconv.ParseInt: parsing "a": invalid syntax')
  assert.deepEqual(parseBpsDevice('/dev/a:1mb'), { Path: '/dev/a', Rate: 1048576 })
  assert.deepEqual(parseIopsDevice('/dev/a:7'), { Path: '/dev/a', Rate: 7 })
  assert.deepEqual(parseWeightDevice('/dev/a:10'), { Path: '/dev/a', Weight: 10 })
  refuses(() => parseWeightDevice('/dev/a:9'), 'invalid weight for device: /dev/a:9')
  refuses(() => parseWeightDevice('a:10'), 'bad format for device path: a:10')
})

test('devices', () => {
  assert.deepEqual(parseDevices(['/dev/a', '/dev/b:/dev/c:r', '/dev/d:rw', 'vendor.com/gpu=0']), {
    cdi: ['vendor.com/gpu=0'],
    mappings: [
      { PathOnHost: '/dev/a', PathInContainer: '/dev/a', CgroupPermissions: 'rwm' },
      { PathOnHost: '/dev/b', PathInContainer: '/dev/c', CgroupPermissions: 'r' },
      { PathOnHost: '/dev/d', PathInContainer: '/dev/d', CgroupPermissions: 'rw' },
    ],
  })
  refuses(() => parseDevices(['x']), 'x is not an absolute path')
  refuses(() => parseDevices(['/dev/a:/b:q']), 'bad mode specified: q')
  assert.deepEqual(parseGpus('all').Count, -1)
  refuses(() => parseGpus('x'), 'invalid count (x): value must be either "all" or an integer: invalid syntax')
})

test('small grammars', () => {
  assert.equal(checkIp(' 2001:0db8::0001 '), '2001:db8::1')
  assert.equal(checkExtraHost('a=[::1]'), 'a:::1')
  assert.equal(checkExtraHost('a:host-gateway'), 'a:host-gateway')
  refuses(() => checkExtraHost('x'), 'bad format for add-host: "x"')
  refuses(() => checkExtraHost('a:b'), 'invalid IP address in add-host: "b"')
  refuses(() => checkLabel(''), "invalid label '': empty name")
  refuses(() => checkLabel('a b=c'), "label 'a b' contains whitespaces")
  refuses(() => checkSysctl('kernel.core_pattern=x'), "sysctl 'kernel.core_pattern=x' is not allowed")
  refuses(() => checkSysctl('kernel.shm_rmid_forced'), "sysctl 'kernel.shm_rmid_forced' is not allowed")
  assert.equal(checkSearchDomain('.'), '.')
  refuses(() => checkSearchDomain('!'), '! is not a valid domain')
  assert.deepEqual(['02:42:ac:11:00:02', '0242.ac11.0002', '02-42-ac-11-00-02', 'zz', '02:42:ac:11:00'].map(isMac), [
    true,
    true,
    true,
    false,
    false,
  ])
  assert.deepEqual(parseRestartPolicy('on-failure:3'), { Name: 'on-failure', MaximumRetryCount: 3 })
  refuses(
    () => parseRestartPolicy('on-failure:x'),
    'invalid restart policy format: maximum retry count must be an integer',
  )
})

test('times are ages, dates or seconds', () => {
  const now = Date.parse('2024-01-02T03:04:05Z')
  assert.equal(timeOf('1h', now), `${Math.trunc(now / 1000) - 3600}.000000000`)
  assert.equal(timeOf('2024-01-02T03:04:05.123456789Z'), '1704164645.123456789')
  assert.equal(timeOf('2024-01-02T03:04:05+01:00'), '1704161045.000000000')
  assert.equal(timeOf('1704164645'), '1704164645')
  assert.equal(timeOf('1704164645.5'), '1704164645.500000000')
  assert.equal(timeOf(''), undefined)
  refuses(() => timeOf('x'), 'failed to parse value as time or duration: "x"')
})
