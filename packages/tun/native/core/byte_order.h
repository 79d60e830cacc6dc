// Big-endian numbers at any address: loads and stores without alignment or aliasing trouble.
#pragma once

#include <cstdint>
#include <cstring>

namespace tunscope {

inline uint16_t load_be16(const uint8_t* from) {
  return static_cast<uint16_t>((from[0] << 8U) | from[1]);
}

inline uint32_t load_be32(const uint8_t* from) {
  return (static_cast<uint32_t>(load_be16(from)) << 16U) | load_be16(from + 2);
}

inline void store_be16(uint8_t* to, uint16_t value) {
  to[0] = static_cast<uint8_t>(value >> 8U);
  to[1] = static_cast<uint8_t>(value & 0xffU);
}

inline void store_be32(uint8_t* to, uint32_t value) {
  store_be16(to, static_cast<uint16_t>(value >> 16U));
  store_be16(to + 2, static_cast<uint16_t>(value & 0xffffU));
}

// For a checksum, which is already in network order in memory.
inline void store_raw16(uint8_t* to, uint16_t value) { std::memcpy(to, &value, sizeof value); }

}  // namespace tunscope
