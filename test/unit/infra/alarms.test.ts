// An alarm names the log events to search for. Each of them must exist in the code.
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (pattern: string) => globSync(pattern).map((file) => readFileSync(file, 'utf8'));
const matches = (texts: string[], pattern: RegExp) =>
  texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1]!));

const descriptions = matches(read('infra/alarms*.yml'), /AlarmDescription: (.*)/g);
const named = matches(descriptions, /\b([a-z-]+\.[a-z-]+)\b/g);
const logged = new Set(matches(read('{lib,functions}/**/*.ts'), /'([a-z0-9-]+\.[a-z-]+)'/g));

const metrics = matches(read('lib/core/metrics.ts'), /^ {2}(\w+): /gm);
const filtered = matches(read('infra/alarms*.yml'), /MetricNamespace.*MetricName: (\w+)/g);
const watched = matches(read('infra/alarms*.yml'), /Namespace: \$\{self:custom\.tableName\}\n {6}MetricName: (\w+)/g);

describe('the alarms', () => {
  it('watch metrics that the code or a filter of a log writes', () => {
    expect(watched).toContain('UnreadableNotifications');
    expect([...metrics, ...filtered]).toEqual(expect.arrayContaining(watched));
  });
  it('describe each alarm', () => expect(descriptions.length).toBeGreaterThan(10));
  it.each([...new Set(named)])('%s is a log event of the code', (event) => expect(logged).toContain(event));
  it('name log events', () => expect(named).toContain('request.failed'));
});
