#include "system/block/qcow2/compress.h"

#include <zlib.h>
#include <zstd.h>

#include <memory>

namespace ferry::system::qcow2 {

namespace {

/// Deflate without a header; the format's writers use a window of 2^12 bytes, so all readers have it.
constexpr int kWindowForWriting = -12, kWindowForReading = -15;

Bytef* zlib_bytes(const std::byte* bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes));
}

std::vector<std::byte> deflate_cluster(std::span<const std::byte> cluster) {
  std::vector<std::byte> out(cluster.size() - 1);
  z_stream stream{};
  constexpr int kMemoryLevel = 9;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kWindowForWriting, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    return {};
  stream.next_in = zlib_bytes(cluster.data());
  stream.avail_in = static_cast<uInt>(cluster.size());
  stream.next_out = zlib_bytes(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool fits = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(fits ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}

bool inflate_cluster(std::span<const std::byte> data, std::span<std::byte> cluster) {
  z_stream stream{};
  stream.next_in = zlib_bytes(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = zlib_bytes(cluster.data());
  stream.avail_out = static_cast<uInt>(cluster.size());
  if (inflateInit2(&stream, kWindowForReading) != Z_OK) return false;
  const int result = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  return stream.avail_out == 0 && (result == Z_STREAM_END || result == Z_BUF_ERROR);
}

std::vector<std::byte> zstd_cluster(std::span<const std::byte> cluster) {
  std::vector<std::byte> out(cluster.size() - 1);
  const size_t size =
      ZSTD_compress(out.data(), out.size(), cluster.data(), cluster.size(), ZSTD_CLEVEL_DEFAULT);
  out.resize(ZSTD_isError(size) ? 0 : size);
  return out;
}

bool unzstd_cluster(std::span<const std::byte> data, std::span<std::byte> cluster) {
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (!context) return false;
  ZSTD_inBuffer in{data.data(), data.size(), 0};
  ZSTD_outBuffer out{cluster.data(), cluster.size(), 0};
  while (out.pos < out.size) {
    const size_t in_before = in.pos, out_before = out.pos;
    if (ZSTD_isError(ZSTD_decompressStream(context.get(), &out, &in))) return false;
    if (in.pos == in_before && out.pos == out_before) return false;
  }
  return true;
}

}  // namespace

std::vector<std::byte> compress(Compression type, std::span<const std::byte> cluster) {
  return type == Compression::Zstd ? zstd_cluster(cluster) : deflate_cluster(cluster);
}

bool decompress(Compression type, std::span<const std::byte> data, std::span<std::byte> cluster) {
  return type == Compression::Zstd ? unzstd_cluster(data, cluster) : inflate_cluster(data, cluster);
}

}  // namespace ferry::system::qcow2
