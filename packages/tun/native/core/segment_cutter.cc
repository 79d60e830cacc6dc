// Software segmentation with the same result as the kernel's TSO: sequence, IPv4 ID, lengths, control bits, checksums.

#include "segment_cutter.h"

#include <algorithm>

#include "byte_order.h"
#include "checksum.h"
#include "tcp_location.h"

namespace tunscope {
namespace {

constexpr uint8_t kFin = 0x01;
constexpr uint8_t kPsh = 0x08;
constexpr uint8_t kCwr = 0x80;
constexpr size_t kTcpSequence = 4;
constexpr size_t kTcpDataOffset = 12;
constexpr size_t kTcpControlBits = 13;
constexpr size_t kTcpChecksum = 16;
constexpr size_t kIpv6Header = 40;

std::span<const uint8_t> bytes_of(const iovec& piece) {
  return {static_cast<const uint8_t*>(piece.iov_base), piece.iov_len};
}

}  // namespace

std::optional<TrainHeader> read_train_header(std::span<const uint8_t> bytes) {
  if (bytes.size() < 40 || bytes.size() > kMaxTrainHeader) {
    return std::nullopt;
  }
  TrainHeader header{.bytes = bytes, .ip_version = static_cast<uint8_t>(bytes[0] >> 4U), .ip_header_length = 0};
  if (header.ip_version == 4 && bytes[9] == 6) {
    header.ip_header_length = static_cast<uint32_t>(bytes[0] & 0x0fU) * 4U;
  } else if (header.ip_version == 6 && bytes[6] == 6) {
    header.ip_header_length = kIpv6Header;
  }
  if (header.ip_header_length < 20 || header.ip_header_length + 20 > bytes.size()) {
    return std::nullopt;
  }
  const uint32_t tcp_header_length =
      static_cast<uint32_t>(bytes[header.ip_header_length + kTcpDataOffset] >> 4U) * 4U;
  if (header.ip_header_length + tcp_header_length != bytes.size()) {
    return std::nullopt;
  }
  return header;
}

SegmentCutter::SegmentCutter(const TrainHeader& header, std::span<const iovec> payload, uint32_t segment_size,
                             ChecksumForm form)
    : header_(header), payload_(payload), segment_size_(segment_size), form_(form) {}

std::optional<WireSegment> SegmentCutter::next() {
  if (segments_made_ > 0 && payload_.bytes_left() == 0) {
    return std::nullopt;
  }
  std::copy(header_.bytes.begin(), header_.bytes.end(), copy_.begin());
  pieces_.clear();
  const size_t wanted = segment_size_ == 0 ? payload_.bytes_left() : segment_size_;
  const uint32_t payload_length = static_cast<uint32_t>(payload_.take(wanted, pieces_));
  uint8_t* tcp = &copy_[header_.ip_header_length];
  store_be32(tcp + kTcpSequence, load_be32(tcp + kTcpSequence) + bytes_made_);
  write_lengths(payload_length);
  write_control_bits(segments_made_ == 0, payload_.bytes_left() == 0);
  write_checksum(payload_length);
  bytes_made_ += payload_length;
  segments_made_ += 1;
  return WireSegment{.header = std::span(copy_).first(header_.bytes.size()), .payload = pieces_};
}

void SegmentCutter::write_lengths(uint32_t payload_length) {
  const uint32_t packet_length = static_cast<uint32_t>(header_.bytes.size()) + payload_length;
  if (header_.ip_version == 6) {
    store_be16(&copy_[4], static_cast<uint16_t>(packet_length - kIpv6Header));
    return;
  }
  store_be16(&copy_[2], static_cast<uint16_t>(packet_length));
  store_be16(&copy_[4], static_cast<uint16_t>(load_be16(&copy_[4]) + segments_made_));
  store_be16(&copy_[10], 0);
  ChecksumAccumulator sum;
  sum.add(std::span(copy_).first(header_.ip_header_length));
  store_raw16(&copy_[10], sum.finished());
}

// As the kernel's TSO: FIN and PSH belong to the last segment, CWR to the first (RFC 3168 §6.1.2).
void SegmentCutter::write_control_bits(bool is_first, bool is_last) {
  uint8_t& bits = copy_[header_.ip_header_length + kTcpControlBits];
  if (!is_last) {
    bits = static_cast<uint8_t>(bits & ~(kFin | kPsh));
  }
  if (!is_first) {
    bits = static_cast<uint8_t>(bits & ~kCwr);
  }
}

void SegmentCutter::write_checksum(uint32_t payload_length) {
  uint8_t* field = &copy_[header_.ip_header_length + kTcpChecksum];
  store_be16(field, 0);
  ChecksumAccumulator sum;
  add_pseudo_header(sum, copy_, header_.ip_version, header_.tcp_header_length() + payload_length);
  if (form_ == ChecksumForm::kPseudoHeader) {
    store_raw16(field, sum.folded());
    return;
  }
  sum.add(std::span(copy_).subspan(header_.ip_header_length, header_.tcp_header_length()));
  for (const iovec& piece : pieces_) {
    sum.add(bytes_of(piece));
  }
  store_raw16(field, sum.finished());
}

}  // namespace tunscope
