using OnnxTransfer.Numerics;

namespace OnnxTransfer.Imaging.Augmentations;

/// <summary>
/// What an image's seed draws. Each operation has a stream of its own, so that what one draws does not change with which
/// others there are, nor with the order of images or threads.
/// </summary>
internal static class Draws
{
    /// <summary>The stream of one operation: seeded by SplitMix64's mixing of the image's seed and the operation's number.</summary>
    public static SeededRandom Of(ulong seed, Operation operation) => new(unchecked((long)Mix(Mix(seed) + (ulong)operation)));

    /// <summary>SplitMix64's finaliser (Steele, Lea, Flood 2014): every bit of the result hangs on every bit of <paramref name="z"/>.</summary>
    public static ulong Mix(ulong z)
    {
        z = unchecked(z + 0x9E3779B97F4A7C15);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return z ^ (z >> 31);
    }

    /// <summary>Uniform between <paramref name="low"/> and <paramref name="high"/>.</summary>
    public static double Uniform(this SeededRandom random, double low, double high) => low + ((high - low) * random.NextDouble());

    /// <summary>The numbers are part of what a seed means: never changed, only added to.</summary>
    internal enum Operation : ulong
    {
        Crop = 1,
        Pad = 2,
        Flip = 3,
        VerticalFlip = 4,
        Affine = 5,
        Colour = 6,
        CutOut = 7,
        Grey = 8,
    }
}
