using OnnxTransfer.Numerics;

namespace OnnxTransfer.Imaging.Augmentations;

/// <summary>A part of the image, drawn as torchvision's RandomResizedCrop draws it, resized to the whole result.</summary>
internal static class ResizedCrop
{
    /// <summary>A window of a share of the area and an aspect ratio, both drawn; the largest central one that fits where ten do not.</summary>
    public static PixelWindow Draw(SeededRandom random, int width, int height, DrawnRange area, DrawnRange ratio)
    {
        double pixels = (double)width * height;
        double low = Math.Log(ratio.Low), high = Math.Log(ratio.High);
        for (int attempt = 0; attempt < 10; attempt++)
        {
            double target = pixels * random.Uniform(area.Low, area.High);
            double aspect = Math.Exp(random.Uniform(low, high));
            double columns = Math.Round(Math.Sqrt(target * aspect)), rows = Math.Round(Math.Sqrt(target / aspect));
            if (columns >= 1 && columns <= width && rows >= 1 && rows <= height)
            {
                int top = random.NextInt(height - (int)rows + 1);
                return new PixelWindow(random.NextInt(width - (int)columns + 1), top, (int)columns, (int)rows);
            }
        }

        return Central(width, height, ratio);
    }

    /// <summary>torchvision's fallback: the central window whose aspect ratio lies within <paramref name="ratio"/>.</summary>
    public static PixelWindow Central(int width, int height, DrawnRange ratio)
    {
        double own = (double)width / height;
        int rows = own < ratio.Low ? Math.Clamp((int)Math.Round(width / ratio.Low), 1, height) : height;
        int columns = own > ratio.High ? Math.Clamp((int)Math.Round(height * ratio.High), 1, width) : width;
        return new PixelWindow((width - columns) / 2, (height - rows) / 2, columns, rows);
    }

    /// <summary>Crops, then resizes: torchvision's resized_crop of a PIL image, byte for byte.</summary>
    public static void Apply(RgbImage image, PixelWindow window, int width, int height, Interpolation interpolation, Span<byte> destination)
    {
        using var part = new RgbImage(window.Width, window.Height);
        int between = 3 * image.Width, bytes = 3 * window.Width;
        var from = image.Pixels[((window.Y * between) + (3 * window.X))..];
        var to = part.Pixels;
        for (int y = 0; y < window.Height; y++)
        {
            from.Slice(y * between, bytes).CopyTo(to[(y * bytes)..]);
        }

        PillowResizer.Resize(part, width, height, interpolation, destination);
    }
}
