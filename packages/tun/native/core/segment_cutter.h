// Cuts a super-segment into wire segments in software, for TUN devices without TSO or checksum offload.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "payload_cursor.h"

namespace tunscope {

// IPv4 with all options plus TCP with all options.
inline constexpr size_t kMaxTrainHeader = 120;

// The IP and TCP headers that a train starts with, checked once.
struct TrainHeader {
  std::span<const uint8_t> bytes;
  uint8_t ip_version = 0;
  uint32_t ip_header_length = 0;

  uint32_t tcp_header_length() const { return static_cast<uint32_t>(bytes.size()) - ip_header_length; }
};

// Nothing when the bytes are not exactly one IP header (IPv6 without extensions) and one TCP header.
std::optional<TrainHeader> read_train_header(std::span<const uint8_t> bytes);

enum class ChecksumForm {
  // The pseudo-header sum, to be finished by the kernel (virtio NEEDS_CSUM).
  kPseudoHeader,
  kFinished,
};

// One wire segment; the spans are valid until the next call of `next`.
struct WireSegment {
  std::span<uint8_t> header;
  std::span<const iovec> payload;
};

class SegmentCutter {
 public:
  // `segment_size` is 0 for "one segment, whatever its length".
  SegmentCutter(const TrainHeader& header, std::span<const iovec> payload, uint32_t segment_size,
                ChecksumForm form);
  // Nothing after the last segment.
  std::optional<WireSegment> next();

 private:
  void write_lengths(uint32_t payload_length);
  void write_control_bits(bool is_first, bool is_last);
  void write_checksum(uint32_t payload_length);

  TrainHeader header_;
  PayloadCursor payload_;
  uint32_t segment_size_;
  ChecksumForm form_;
  uint32_t segments_made_ = 0;
  uint32_t bytes_made_ = 0;
  std::array<uint8_t, kMaxTrainHeader> copy_{};
  std::vector<iovec> pieces_;
};

}  // namespace tunscope
