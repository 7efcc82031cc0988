// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { Counter, exposition, Gauge, Histogram } from './exposition.ts'

test('the text that Prometheus reads', () => {
  const counter = new Counter('c_total', 'Counts.')
  counter.add({ a: 'x"\\\n' })
  counter.add({ a: 'x"\\\n' }, 2)
  counter.add()
  const histogram = new Histogram('h_seconds', 'Takes.', [0.1, 1])
  for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe({ r: 'a' }, value)
  const metrics = [counter, histogram, new Gauge('g', 'Is.', () => 1.5), new Gauge('none', 'Is not.', () => undefined)]
  assert.equal(
    exposition(metrics),
    [
      '# HELP c_total Counts.',
      '# TYPE c_total counter',
      'c_total{a="x\\"\\\\\\n"} 3',
      'c_total 1',
      '# HELP h_seconds Takes.',
      '# TYPE h_seconds histogram',
      'h_seconds_bucket{r="a",le="0.1"} 2',
      'h_seconds_bucket{r="a",le="1"} 3',
      'h_seconds_bucket{r="a",le="+Inf"} 4',
      'h_seconds_sum{r="a"} 7.65',
      'h_seconds_count{r="a"} 4',
      '# HELP g Is.',
      '# TYPE g gauge',
      'g 1.5',
      '',
    ].join('\n'),
  )
})

test('the number of series is bounded', () => {
  const counter = new Counter('c_total', 'Counts.')
  for (let at = 0; at < 1500; at++) counter.add({ a: String(at) })
  assert.equal(counter.samples().length, 1001)
  assert.ok(counter.samples().includes('c_total{a="other"} 500'))
})
