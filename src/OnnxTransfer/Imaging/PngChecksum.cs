namespace OnnxTransfer.Imaging;

/// <summary>The CRC-32 of PNG chunks (specification, annex D), byte by byte: for the short ones.</summary>
internal static class PngChecksum
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(value => Shifted((uint)value))];

    /// <summary>Over a chunk's kind and payload.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint sum = uint.MaxValue;
        foreach (byte value in bytes)
        {
            sum = Table[(byte)sum ^ value] ^ (sum >> 8);
        }

        return ~sum;
    }

    private static uint Shifted(uint value)
    {
        for (int bit = 0; bit < 8; bit++)
        {
            value = (value & 1) == 0 ? value >> 1 : 0xEDB88320 ^ (value >> 1);
        }

        return value;
    }
}
