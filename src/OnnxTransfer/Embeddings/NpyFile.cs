using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// NumPy's array format, version 1.0, for two-dimensional C-order arrays of uint8 or little-endian float32
/// (numpy.lib.format; https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
/// <c>numpy.load(path, mmap_mode="r")</c> reads these files.
/// </summary>
internal static partial class NpyFile
{
    /// <summary>numpy's name for float32.</summary>
    public const string Float32 = "<f4";

    /// <summary>numpy's name for uint8.</summary>
    public const string UInt8 = "|u1";

    /// <summary>Length of every header: the number of rows can be filled in later, and the data behind it is aligned.</summary>
    public const int HeaderLength = 128;

    /// <summary>The header of an array of <paramref name="rows"/> x <paramref name="columns"/>.</summary>
    public static byte[] Header(string type, long rows, int columns)
    {
        var description = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({rows}, {columns}), }}";
        var header = new byte[HeaderLength];
        header[0] = 0x93;
        "NUMPY"u8.CopyTo(header.AsSpan(1));
        header[6] = 1; // version 1.0
        header[8] = HeaderLength - 10;
        Encoding.ASCII.GetBytes(description.PadRight(HeaderLength - 11) + "\n").CopyTo(header, 10);
        return header;
    }

    /// <summary>Reads a header and leaves the stream at the first value.</summary>
    /// <exception cref="CacheException">Not such an array, or the file's length does not match its shape.</exception>
    public static (string Type, long Rows, int Columns, int DataOffset) ReadHeader(Stream stream, string path)
    {
        var start = new byte[10];
        if (stream.ReadAtLeast(start, 10, throwOnEndOfStream: false) < 10 || start[0] != 0x93 || !start.AsSpan(1, 5).SequenceEqual("NUMPY"u8) || start[6] != 1)
        {
            throw new CacheException($"{path}: not a NumPy file of version 1.0");
        }

        var text = new byte[start[8] | (start[9] << 8)];
        if (stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) < text.Length
            || Shape().Match(Encoding.ASCII.GetString(text)) is not { Success: true } match)
        {
            throw new CacheException($"{path}: its NumPy header is damaged");
        }

        var rows = long.Parse(match.Groups["rows"].ValueSpan, CultureInfo.InvariantCulture);
        var columns = int.Parse(match.Groups["columns"].ValueSpan, CultureInfo.InvariantCulture);
        var type = match.Groups["type"].Value;
        var expected = start.Length + text.Length + (rows * columns * (type == Float32 ? 4 : 1));
        return stream.Length == expected
            ? (type, rows, columns, start.Length + text.Length)
            : throw new CacheException($"{path}: {stream.Length} bytes, expected {expected} for {rows} x {columns}: it was cut short or changed");
    }

    [GeneratedRegex(@"^\{'descr': '(?<type><f4|\|u1)', 'fortran_order': False, 'shape': \((?<rows>\d{1,15}), (?<columns>\d{1,9})\), \}\s*$")]
    private static partial Regex Shape();
}
