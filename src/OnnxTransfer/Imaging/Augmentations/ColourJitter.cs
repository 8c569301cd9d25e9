using OnnxTransfer.Numerics;

namespace OnnxTransfer.Imaging.Augmentations;

/// <summary>torchvision's ColorJitter: four changes by drawn factors in a drawn order.</summary>
internal static class ColourJitter
{
    /// <summary>Draws and applies, in place. Order and factors are drawn whether used or not, so that none changes another.</summary>
    public static void Apply(Span<byte> pixels, SeededRandom random, Augmentation by)
    {
        Span<int> order = [0, 1, 2, 3];
        random.Shuffle(order);
        Span<double> drawn = [random.NextDouble(), random.NextDouble(), random.NextDouble(), random.NextDouble()];
        foreach (int change in order)
        {
            switch (change)
            {
                case 0 when by.Brightness > 0:
                    ColourBlend.Brightness(pixels, Factor(by.Brightness, drawn[0]));
                    break;
                case 1 when by.Contrast > 0:
                    ColourBlend.Contrast(pixels, Factor(by.Contrast, drawn[1]));
                    break;
                case 2 when by.Saturation > 0:
                    ColourBlend.Saturation(pixels, Factor(by.Saturation, drawn[2]));
                    break;
                case 3 when by.Hue > 0:
                    HueShift.Apply(pixels, by.Hue * ((2 * drawn[3]) - 1));
                    break;
            }
        }
    }

    // Uniform between max(0, 1 - strength) and 1 + strength.
    private static float Factor(double strength, double drawn)
    {
        double low = Math.Max(0, 1 - strength);
        return (float)(low + ((1 + strength - low) * drawn));
    }
}
