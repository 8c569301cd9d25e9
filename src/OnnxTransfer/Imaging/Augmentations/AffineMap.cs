using System.Buffers;

namespace OnnxTransfer.Imaging.Augmentations;

/// <summary>
/// From a pixel of the result to where it comes from: x' = A x + B y + C, y' = D x + E y + F. Applied as Pillow's
/// <c>Image.transform(AFFINE, BILINEAR)</c> (libImaging/Geometry.c), byte for byte.
/// </summary>
internal readonly record struct AffineMap(double A, double B, double C, double D, double E, double F)
{
    /// <summary>torchvision's affine of a PIL image: rotation and shear in degrees about the middle, a shift in pixels, a zoom.</summary>
    public static AffineMap About(int width, int height, double degrees, int right, int down, double zoom, double shearDegrees)
    {
        double turn = degrees * (Math.PI / 180), shear = shearDegrees * (Math.PI / 180), x = width * 0.5, y = height * 0.5;

        // torchvision's _get_inverse_affine_matrix, operation by operation; its second shear is 0.
        double a = Math.Cos(turn), b = (-Math.Cos(turn) * Math.Tan(shear)) - Math.Sin(turn);
        double c = Math.Sin(turn), d = (-Math.Sin(turn) * Math.Tan(shear)) + Math.Cos(turn);
        double m0 = d / zoom, m1 = -b / zoom, m3 = -c / zoom, m4 = a / zoom;
        double m2 = ((m0 * (-x - right)) + (m1 * (-y - down))) + x;
        double m5 = ((m3 * (-x - right)) + (m4 * (-y - down))) + y;
        return new AffineMap(m0, m1, m2, m3, m4, m5);
    }

    /// <summary>Maps in place; what comes from outside the image is filled.</summary>
    public void Apply(Span<byte> pixels, int width, FillColour fill)
    {
        int height = pixels.Length / (3 * width);
        byte[] rented = ArrayPool<byte>.Shared.Rent(pixels.Length);
        var before = rented.AsSpan(0, pixels.Length);
        pixels.CopyTo(before);
        for (int y = 0, to = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++, to += 3)
            {
                double column = x + 0.5, row = y + 0.5;
                double fromX = (A * column) + (B * row) + C, fromY = (D * column) + (E * row) + F;
                if (fromX < 0 || fromX >= width || fromY < 0 || fromY >= height)
                {
                    fill.Put(pixels.Slice(to, 3));
                }
                else
                {
                    Sample(before, width, height, fromX - 0.5, fromY - 0.5, pixels.Slice(to, 3));
                }
            }
        }

        ArrayPool<byte>.Shared.Return(rented);
    }

    // Between the four pixels around; a border counts on beyond itself. Cut off, not rounded.
    private static void Sample(ReadOnlySpan<byte> pixels, int width, int height, double x, double y, Span<byte> result)
    {
        int column = (int)Math.Floor(x), row = (int)Math.Floor(y);
        double dx = x - column, dy = y - row;
        int left = 3 * Math.Max(column, 0), right = 3 * Math.Min(column + 1, width - 1);
        var upper = pixels.Slice(3 * width * Math.Max(row, 0), 3 * width);
        var lower = pixels.Slice(3 * width * Math.Min(row + 1, height - 1), 3 * width);
        for (int channel = 0; channel < 3; channel++)
        {
            double above = upper[left + channel] + ((upper[right + channel] - upper[left + channel]) * dx);
            double below = lower[left + channel] + ((lower[right + channel] - lower[left + channel]) * dx);
            result[channel] = (byte)(above + ((below - above) * dy));
        }
    }
}
