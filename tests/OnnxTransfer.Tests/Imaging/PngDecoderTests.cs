using System.Buffers.Binary;
using System.IO.Compression;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Tests.Imaging;

/// <summary>What the images of make_golden.py do not show: several blocks, several chunks, every filter, and damage.</summary>
public class PngDecoderTests
{
    private const int Width = 301, Height = 260;

    [Theory]
    [InlineData(2, 3)]
    [InlineData(6, 4)]
    public void Every_filter_is_undone_over_blocks_and_chunks(byte colour, int step)
    {
        byte[] samples = Samples(step);
        using var image = new PngDecoder().Decode(Png(colour, step, samples, chunk: 1000), "a.png", ImageLimits.Default);
        Assert.Equal((Width, Height), (image.Width, image.Height));
        for (int i = 0; i < Width * Height; i++)
        {
            Assert.True(samples.AsSpan(i * step, 3).SequenceEqual(image.Pixels.Slice(3 * i, 3)), $"pixel {i}");
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(4, 2)]
    public void Grey_is_repeated(byte colour, int step)
    {
        byte[] samples = Samples(step);
        using var image = new PngDecoder().Decode(Png(colour, step, samples, chunk: 1 << 20), "a.png", ImageLimits.Default);
        for (int i = 0; i < 3 * Width * Height; i++)
        {
            Assert.Equal(samples[i / 3 * step], image.Pixels[i]);
        }
    }

    [Fact]
    public void A_changed_checksum_of_the_pixels_is_noticed()
    {
        byte[] encoded = Png(2, 3, Samples(3), chunk: 1 << 20);
        encoded[^17] ^= 1; // before IEND and the chunk's own checksum
        Assert.Equal(
            "a.png: the Png data are damaged: the compressed pixels contradict zlib's format or checksum; copy or download the file again",
            Fails(encoded, ImageFault.Corrupt));
    }

    [Fact]
    public void An_unknown_filter_is_noticed()
    {
        byte[] encoded = Png(2, 3, Samples(3), chunk: 1 << 20, filter: _ => 5);
        Assert.Equal("a.png: the Png data are damaged: a row has the filter 5, where 0 to 4 are known; copy or download the file again", Fails(encoded, ImageFault.Corrupt));
    }

    [Fact]
    public void A_changed_header_is_noticed()
    {
        byte[] encoded = Png(2, 3, Samples(3), chunk: 1 << 20);
        encoded[19] ^= 1; // width
        Assert.Equal("a.png: the Png data are damaged: the chunk IHDR contradicts its checksum; copy or download the file again", Fails(encoded, ImageFault.Corrupt));
    }

    [Fact]
    public void Missing_rows_are_noticed()
    {
        byte[] encoded = Png(2, 3, Samples(3)[..(3 * Width * (Height - 1))], chunk: 1 << 20);
        Assert.Contains("end early", Fails(encoded, ImageFault.Truncated), StringComparison.Ordinal);
    }

    [Fact]
    public void A_palette_that_is_missing_is_noticed() => Assert.Equal(
        "a.png: the Png data are damaged: its pixels are of a palette, which is missing; copy or download the file again",
        Fails(Png(3, 1, Samples(1), chunk: 1 << 20), ImageFault.Corrupt));

    private static string Fails(byte[] encoded, ImageFault fault)
    {
        var error = Assert.Throws<ImageException>(() => new PngDecoder().Decode(encoded, "a.png", ImageLimits.Default));
        Assert.Equal(fault, error.Fault);
        return error.Message;
    }

    private static byte[] Samples(int step)
    {
        var samples = new byte[Width * Height * step];
        new Random(step).NextBytes(samples);
        return samples;
    }

    // The filters 0 to 4 in turn, as the specification writes them (section 9.2), and IDAT chunks of so many bytes.
    private static byte[] Png(byte colour, int step, byte[] samples, int chunk, Func<int, byte>? filter = null)
    {
        int row = Width * step;
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (int y = 0; y < samples.Length / row; y++)
            {
                byte kind = filter?.Invoke(y) ?? (byte)(y % 5);
                zlib.WriteByte(kind);
                for (int x = 0; x < row; x++)
                {
                    int a = x < step ? 0 : samples[(y * row) + x - step], b = y == 0 ? 0 : samples[((y - 1) * row) + x];
                    int c = x < step || y == 0 ? 0 : samples[((y - 1) * row) + x - step], p = a + b - c;
                    int nearest = Math.Abs(p - a) <= Math.Abs(p - b) && Math.Abs(p - a) <= Math.Abs(p - c) ? a : Math.Abs(p - b) <= Math.Abs(p - c) ? b : c;
                    zlib.WriteByte((byte)(samples[(y * row) + x] - kind switch { 1 => a, 2 => b, 3 => (a + b) / 2, 4 => nearest, _ => 0 }));
                }
            }
        }

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Height);
        (header[8], header[9]) = (8, colour);
        return
        [
            0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n', .. Chunk("IHDR"u8, header),
            .. packed.ToArray().Chunk(chunk).SelectMany(part => Chunk("IDAT"u8, part)), .. Chunk("IEND"u8, []),
        ];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> kind, byte[] payload)
    {
        var bytes = new byte[12 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, payload.Length);
        kind.CopyTo(bytes.AsSpan(4));
        payload.CopyTo(bytes.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8 + payload.Length), PngChecksum.Of(bytes.AsSpan(4, 4 + payload.Length)));
        return bytes;
    }
}
