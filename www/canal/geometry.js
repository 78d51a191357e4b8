/** Where everything of the canal stands, in pixels, for a picture of one size. Numbers only. */

/** Share of the width that the server's and the consumer's column take; the basins share the rest. style/canal.css has the same. */
const SIDE = 0.15;
const BASINS = 5;

/**
 * @typedef {object} Basin
 * @property {number} left @property {number} right
 * @property {number} floor y of its floor
 * @property {number} brim y of the water when it is full
 */

/**
 * @typedef {object} Geometry
 * @property {number} width @property {number} height
 * @property {boolean} small whether the picture is a phone's
 * @property {Basin[]} basins the first is the network's, the last that of the stage before the consumer
 * @property {{ x: number, sill: number, top: number }[]} gates one before each stage, and the consumer's: where water passes, and how far a plate reaches up
 * @property {number} plate width of a gate's plate
 * @property {number} depth of a full basin
 * @property {number} step by which each basin lies lower than the one before
 * @property {{ x: number, y: number, radius: number, race: number }} wheel `race` is the y of the water that leaves
 * @property {{ left: number, top: number, width: number, height: number, spout: { x: number, y: number } }} server
 */

/**
 * @param {number} width
 * @param {number} height
 * @returns {Geometry}
 */
export function geometryOf(width, height) {
  const small = width < 560;
  const side = width * SIDE;
  const column = (width - 2 * side) / BASINS;
  const ground = small ? 14 : 22;
  const step = small ? 7 : 12;
  const above = small ? 44 : 74;
  const lowest = height - ground;
  // Below the last basin the water falls onto the wheel and leaves.
  const fall = small ? 22 : 34;
  const lastFloor = lowest - fall;
  const depth = lastFloor - above - BASINS * step;
  const basins = Array.from({ length: BASINS + 1 }, (_, index) => {
    const floor = lastFloor - (BASINS - index) * step;
    const left = index === 0 ? 0 : side + (index - 1) * column;
    return { left, right: index === 0 ? side : left + column, floor, brim: floor - depth };
  });
  const gates = basins.map(({ right, floor, brim }) => ({ x: right, sill: floor, top: brim - (small ? 6 : 10) }));
  const radius = Math.min(side * 0.34, small ? 19 : 44);
  const first = basins[0];
  const rack = { width: small ? 26 : 52, height: small ? 30 : 52 };
  const server = { left: small ? 3 : 14, top: first.brim - rack.height - (small ? 8 : 10), ...rack };
  return {
    width,
    height,
    small,
    basins,
    gates,
    plate: small ? 5 : 9,
    depth,
    step,
    wheel: { x: width - side * 0.5, y: lowest - radius * 0.72, radius, race: lowest - (small ? 4 : 7) },
    server: {
      ...server,
      spout: { x: server.left + server.width + (small ? 9 : 20), y: server.top + server.height * 0.55 },
    },
  };
}
