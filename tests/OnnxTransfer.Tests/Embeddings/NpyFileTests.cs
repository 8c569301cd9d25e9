using System.Text;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Tests.Embeddings;

public sealed class NpyFileTests
{
    // numpy.save of numpy.zeros((3, 2), numpy.float32) begins with these bytes (numpy 1.24).
    private const string Saved = "\u0093NUMPY\u0001\u0000\u0076\u0000{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }";

    [Fact]
    public void The_header_is_numpys_own()
    {
        var expected = Encoding.Latin1.GetBytes(Saved.PadRight(127) + "\n");

        Assert.Equal(expected, NpyFile.Header(NpyFile.Float32, 3, 2));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(123_456_789, 2048)]
    public void Every_header_is_a_multiple_of_64_long(long rows, int columns) =>
        Assert.Equal(0, NpyFile.Header(NpyFile.UInt8, rows, columns).Length % 64);

    [Fact]
    public void A_file_cut_short_is_told()
    {
        var bytes = NpyFile.Header(NpyFile.Float32, 3, 2).Concat(new byte[23]).ToArray();

        var error = Assert.Throws<CacheException>(() => NpyFile.ReadHeader(new MemoryStream(bytes), "a.npy"));

        Assert.Equal("a.npy: 151 bytes, expected 152 for 3 x 2: it was cut short or changed", error.Message);
    }

    [Fact]
    public void Another_file_is_told() =>
        Assert.Equal("a.npy: not a NumPy file of version 1.0", Assert.Throws<CacheException>(
            () => NpyFile.ReadHeader(new MemoryStream("hello, hello"u8.ToArray()), "a.npy")).Message);
}
