/**
 * A machine for the set-up's tests: `programs` maps a command line, or its beginning, to its answer (a code, an
 * `{ code, output }`, or a function); what is not named does not exist. `calls` lists what was run.
 */
export class FakeHost {
  platform = 'linux';
  isRoot = false;
  isDebian = false;
  lastOutput = '';
  calls = [];
  said = [];

  constructor({ programs = {}, files = {}, ...more } = {}) {
    this.programs = programs;
    this.files = files;
    Object.assign(this, more);
  }

  async run(command, args) {
    const line = [command, ...args].join(' ');
    this.calls.push(line);
    const key = Object.keys(this.programs)
      .filter((name) => line.startsWith(name))
      .sort((a, b) => b.length - a.length)[0];
    let answer = key === undefined ? 127 : this.programs[key];
    if (typeof answer === 'function') answer = answer(this) ?? 0;
    return typeof answer === 'number' ? { code: answer, output: '' } : answer;
  }

  async attempt(_title, command, args) {
    const { code, output } = await this.run(command, args);
    this.lastOutput = output;
    return code === 0;
  }

  say(text) {
    this.said.push(text);
  }

  exists(path) {
    return path in this.files;
  }

  list(dir) {
    return this.files[dir] ?? [];
  }

  ran(beginning) {
    return this.calls.some((line) => line.startsWith(beginning));
  }
}
