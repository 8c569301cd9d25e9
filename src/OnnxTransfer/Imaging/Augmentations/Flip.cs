namespace OnnxTransfer.Imaging.Augmentations;

/// <summary>Mirrors an image in place.</summary>
internal static class Flip
{
    /// <summary>Left becomes right: Pillow's FLIP_LEFT_RIGHT.</summary>
    public static void Horizontal(Span<byte> pixels, int width)
    {
        for (int row = 0; row < pixels.Length; row += 3 * width)
        {
            for (int left = row, right = row + (3 * (width - 1)); left < right; left += 3, right -= 3)
            {
                (pixels[left], pixels[right]) = (pixels[right], pixels[left]);
                (pixels[left + 1], pixels[right + 1]) = (pixels[right + 1], pixels[left + 1]);
                (pixels[left + 2], pixels[right + 2]) = (pixels[right + 2], pixels[left + 2]);
            }
        }
    }

    /// <summary>Top becomes bottom: Pillow's FLIP_TOP_BOTTOM.</summary>
    public static void Vertical(Span<byte> pixels, int width)
    {
        int stride = 3 * width;
        for (int top = 0, bottom = pixels.Length - stride; top < bottom; top += stride, bottom -= stride)
        {
            for (int i = 0; i < stride; i++)
            {
                (pixels[top + i], pixels[bottom + i]) = (pixels[bottom + i], pixels[top + i]);
            }
        }
    }
}
