namespace OnnxTransfer.Imaging.Augmentations;

/// <summary>
/// Cut-out (DeVries and Taylor 2017): a square of one colour around a pixel drawn from the whole image, so that a part of
/// it may lie outside.
/// </summary>
internal static class CutOut
{
    /// <summary>The side of the square that takes <paramref name="share"/> of the area, in whole pixels.</summary>
    public static int Side(double share, int width, int height) => (int)Math.Round(Math.Sqrt(share * width * height));

    /// <summary>
    /// Covers what of the square around (<paramref name="x"/>, <paramref name="y"/>) lies within, in place: as the authors'
    /// code, half the side, rounded down, towards each direction; an odd side counts as one pixel less, but for 1.
    /// </summary>
    public static void Apply(Span<byte> pixels, int width, int x, int y, int side, FillColour fill)
    {
        int height = pixels.Length / (3 * width), half = side / 2, more = side == 1 ? 1 : half;
        int left = Math.Max(0, x - half), right = Math.Min(width, x + more);
        for (int row = Math.Max(0, y - half); row < Math.Min(height, y + more); row++)
        {
            fill.Put(pixels.Slice(3 * ((row * width) + left), 3 * (right - left)));
        }
    }
}
