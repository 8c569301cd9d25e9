using System.Text;

namespace OnnxTransfer.Imaging;

/// <summary>Says in words what a file holds that is no image.</summary>
internal static class FoundBytes
{
    private const int Shown = 24;

    /// <summary>Such as <c>a text file ("hello")</c> or <c>a ZIP archive (50 4B 03 04 ...)</c>.</summary>
    public static string Describe(ReadOnlySpan<byte> bytes)
    {
        var first = bytes[..Math.Min(Shown, bytes.Length)];
        string? known = first switch
        {
            [(byte)'%', (byte)'P', (byte)'D', (byte)'F', ..] => "a PDF file",
            [(byte)'P', (byte)'K', 3, 4, ..] => "a ZIP archive",
            [0x1F, 0x8B, ..] => "a gzip archive",
            [0, 0, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', ..] => "a video or another ISO media file",
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', ..] => "a RIFF file that is no WebP",
            [0, 0, 0, 0x0C, (byte)'j', (byte)'P', ..] => "a JPEG 2000 file",
            [(byte)'8', (byte)'B', (byte)'P', (byte)'S', ..] => "a Photoshop file",
            _ => null,
        };
        if (known is null && first.IndexOfAnyExceptInRange((byte)' ', (byte)'~') is int odd
            && (odd < 0 || (odd > 0 && first[odd] is (byte)'\r' or (byte)'\n' or (byte)'\t')))
        {
            string text = Encoding.ASCII.GetString(odd < 0 ? first : first[..odd]);
            return $"a text file (\"{text}{(text.Length < bytes.Length ? "..." : "")}\")";
        }

        if (known is null && !bytes.ContainsAnyExcept((byte)0))
        {
            return $"{bytes.Length} zero bytes";
        }

        var hex = first[..Math.Min(8, first.Length)];
        string shown = string.Join(' ', hex.ToArray().Select(b => b.ToString("X2"))) + (hex.Length < bytes.Length ? " ..." : "");
        return known is null ? $"bytes of no known format ({shown})" : $"{known} ({shown})";
    }
}
