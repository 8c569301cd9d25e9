namespace OnnxTransfer.Imaging.Augmentations;

/// <summary>
/// Turns the hue in place: to Pillow's HSV bytes and back (Convert.c's rgb2hsv_row and hsv2rgb), as torchvision's adjust_hue
/// of a PIL image, byte for byte, with what rounding to bytes loses.
/// </summary>
internal static class HueShift
{
    /// <summary>-0.5 to 0.5 of the circle.</summary>
    public static void Apply(Span<byte> pixels, double turn)
    {
        byte step = unchecked((byte)(int)(turn * 255));
        for (int i = 0; i < pixels.Length; i += 3)
        {
            Apply(pixels.Slice(i, 3), step);
        }
    }

    private static void Apply(Span<byte> pixel, byte step)
    {
        int red = pixel[0], green = pixel[1], blue = pixel[2];
        int most = Math.Max(red, Math.Max(green, blue)), least = Math.Min(red, Math.Min(green, blue));
        if (most == least)
        {
            return;
        }

        // Floats and doubles where Pillow has them.
        float range = most - least;
        float saturation = range / most;
        float r = (most - red) / range, g = (most - green) / range, b = (most - blue) / range;
        float sixth = red == most ? b - g : green == most ? (float)(2.0 + r - b) : (float)(4.0 + g - r);
        float hue = (float)(((sixth / 6.0) + 1.0) % 1.0);
        byte turned = unchecked((byte)(Math.Clamp((int)(hue * 255.0), 0, 255) + step));
        Put(turned, Math.Clamp((int)(saturation * 255.0), 0, 255), most, pixel);
    }

    private static void Put(byte hue, int saturation, int value, Span<byte> pixel)
    {
        if (saturation == 0)
        {
            pixel.Fill((byte)value);
            return;
        }

        int sector = (int)Math.Floor((float)hue * 6.0 / 255.0);
        float rest = (float)(((float)hue * 6.0 / 255.0) - sector);
        float part = (float)(saturation / 255.0);
        byte p = Rounded(value * (1.0 - part));
        byte q = Rounded(value * (1.0 - (part * rest)));
        byte t = Rounded(value * (1.0 - (part * (1.0 - rest))));
        byte v = (byte)value;
        (pixel[0], pixel[1], pixel[2]) = (sector % 6) switch
        {
            0 => (v, t, p),
            1 => (q, v, p),
            2 => (p, v, t),
            3 => (p, q, v),
            4 => (t, p, v),
            _ => (v, p, q),
        };
    }

    private static byte Rounded(double value) => (byte)Math.Clamp(Math.Round(value, MidpointRounding.AwayFromZero), 0, 255);
}
