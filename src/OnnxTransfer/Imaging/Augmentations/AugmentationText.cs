using System.Globalization;

namespace OnnxTransfer.Imaging.Augmentations;

/// <summary>An augmentation as a text, and a text as an augmentation.</summary>
internal static class AugmentationText
{
    private const double UsualFlip = 0.5;

    // In the order in which they are written, each with how it is read and written; null: as it is, nothing to write.
    private static readonly (string Name, string Expected, Func<Augmentation, string, Augmentation?> Read, Func<Augmentation, string?> Write)[] Items =
    [
        ("crop", "a share of the area above 0 up to 1, such as crop:0.5-1", (to, text) => Range(text, 1) is { } range ? to with { Crop = range } : null, of => of.Crop?.ToString()),
        ("ratio", "width / height from one to another, such as ratio:0.75-1.33", (to, text) => Range(text) is { } range ? to with { CropRatio = range } : null,
            of => of.Crop is null || of.CropRatio == Augmentation.UsualRatio ? null : of.CropRatio.ToString()),
        ("grey", "a probability from 0 to 1, such as grey:0.25", (to, text) => Number(text) is { } number ? to with { Grey = number } : null, of => Some(of.Grey)),
        ("pad", "pixels up to 4096, such as pad:4 or pad:4:reflect", Pad, of => of.Pad == 0 ? null : of.PadReflects ? $"{of.Pad}:reflect" : $"{of.Pad}"),
        ("flip", "a probability from 0 to 1, or none for 0.5", (to, text) => Number(text, UsualFlip) is { } number ? to with { Flip = number } : null, of => Some(of.Flip)),
        ("vflip", "a probability from 0 to 1, or none for 0.5", (to, text) => Number(text, UsualFlip) is { } number ? to with { VerticalFlip = number } : null, of => Some(of.VerticalFlip)),
        ("rotate", "degrees up to 180, such as rotate:15", (to, text) => Number(text) is { } number ? to with { Rotate = number } : null, of => Some(of.Rotate)),
        ("shift", "a share of the sides up to 1, such as shift:0.1", (to, text) => Number(text) is { } number ? to with { Shift = number } : null, of => Some(of.Shift)),
        ("shear", "degrees up to 80, such as shear:10", (to, text) => Number(text) is { } number ? to with { Shear = number } : null, of => Some(of.Shear)),
        ("zoom", "factors from one to another, such as zoom:0.8-1.2", (to, text) => Range(text) is { } range ? to with { Zoom = range } : null, of => of.Zoom?.ToString()),
        ("color", "how far factors lie from 1 at most, such as color:0.2",
            (to, text) => Number(text) is { } number ? to with { Brightness = number, Contrast = number, Saturation = number } : null, of => IsOne(of) ? Some(of.Brightness) : null),
        ("brightness", "how far its factor lies from 1 at most, such as brightness:0.2", (to, text) => Number(text) is { } number ? to with { Brightness = number } : null,
            of => IsOne(of) ? null : Some(of.Brightness)),
        ("contrast", "how far its factor lies from 1 at most, such as contrast:0.2", (to, text) => Number(text) is { } number ? to with { Contrast = number } : null,
            of => IsOne(of) ? null : Some(of.Contrast)),
        ("saturation", "how far its factor lies from 1 at most, such as saturation:0.2", (to, text) => Number(text) is { } number ? to with { Saturation = number } : null,
            of => IsOne(of) ? null : Some(of.Saturation)),
        ("hue", "a part of the circle up to 0.5, such as hue:0.05", (to, text) => Number(text) is { } number ? to with { Hue = number } : null, of => Some(of.Hue)),
        ("cutout", "a share of the area up to 1, or the side in pixels, such as cutout:0.25 or cutout:16px", CutOut, of => of.CutOutPixels > 0 ? $"{of.CutOutPixels}px" : Some(of.CutOut)),
        ("fill", "a colour, such as fill:#7f7f7f", Fill, of => of.Fill == default ? null : of.Fill.ToString()),
    ];

    public static string Write(Augmentation augmentation)
    {
        var written = Items.Select(item => item.Write(augmentation) is { } value ? $"{item.Name}:{value}" : null).OfType<string>();
        return string.Join(',', written) is { Length: > 0 } text ? text : "none";
    }

    public static Augmentation Read(string text)
    {
        var augmentation = new Augmentation();
        if (text.Trim() == "none")
        {
            return augmentation;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            string[] halves = part.Split(':', 2, StringSplitOptions.TrimEntries);
            var item = Items.FirstOrDefault(item => item.Name == halves[0]);
            if (item.Name is null)
            {
                throw new AugmentationException($"augmentation '{text}': no operation '{halves[0]}'; expected a list of {string.Join(", ", Items.Select(known => known.Name))}, such as flip,crop:0.5-1");
            }

            if (!seen.Add(item.Name))
            {
                throw new AugmentationException($"augmentation '{text}': '{item.Name}' is said twice; expected it once");
            }

            augmentation = Read(item.Read, augmentation, halves.Length == 2 ? halves[1] : "")
                ?? throw new AugmentationException($"augmentation '{text}': '{part}'; expected {item.Expected}");
        }

        return seen.Contains("ratio") && augmentation.Crop is null
            ? throw new AugmentationException($"augmentation '{text}': ratio is that of a crop; say crop too, such as crop:0.5-1")
            : seen.Contains("color") && seen.Overlaps(["brightness", "contrast", "saturation"])
            ? throw new AugmentationException($"augmentation '{text}': color sets brightness, contrast and saturation; say either it or them")
            : augmentation;
    }

    // The properties know what they allow.
    private static Augmentation? Read(Func<Augmentation, string, Augmentation?> read, Augmentation to, string text)
    {
        try
        {
            return read(to, text);
        }
        catch (ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private static Augmentation? Pad(Augmentation to, string text)
    {
        string[] halves = text.Split(':');
        return Whole(halves[0]) is { } pixels && halves is [_] or [_, "reflect"] ? to with { Pad = pixels, PadReflects = halves.Length == 2 } : null;
    }

    private static Augmentation? CutOut(Augmentation to, string text) => text.EndsWith("px", StringComparison.Ordinal)
        ? Whole(text[..^2]) is { } pixels ? to with { CutOutPixels = pixels } : null
        : Number(text) is { } share ? to with { CutOut = share } : null;

    private static Augmentation? Fill(Augmentation to, string text) =>
        text.Length == 7 && text[0] == '#' && uint.TryParse(text.AsSpan(1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint colour)
            ? to with { Fill = new FillColour((byte)(colour >> 16), (byte)(colour >> 8), (byte)colour) }
            : null;

    // Parted by the dash that is no exponent's.
    private static DrawnRange? Range(string text, double? high = null)
    {
        int dash = text.IndexOf('-');
        dash = dash > 0 && text[dash - 1] is 'e' or 'E' ? text.IndexOf('-', dash + 1) : dash;
        return dash < 0
            ? high is not null && Number(text) is { } only ? new DrawnRange(only, high.Value) : null
            : Number(text[..dash]) is { } low && Number(text[(dash + 1)..]) is { } most ? new DrawnRange(low, most) : null;
    }

    private static double? Number(string text, double? otherwise = null) => text.Length == 0
        ? otherwise
        : double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double number) ? number : null;

    private static int? Whole(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static string? Some(double value) => value == 0 ? null : value.ToString("R", CultureInfo.InvariantCulture);

    private static bool IsOne(Augmentation of) => of.Brightness == of.Contrast && of.Contrast == of.Saturation;
}
