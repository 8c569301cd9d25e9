using System.Runtime.InteropServices;
using OnnxTransfer.Imaging;
using OnnxTransfer.Imaging.Augmentations;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// One augmented view of every image: what is drawn for an image follows from its content, <see cref="Number"/> and
/// <see cref="Seed"/> alone, so that a cache keeps views by content as it keeps plain embeddings, whatever the image's name, its
/// place in a data set, the order of the run, or the other views there are.
/// </summary>
/// <param name="Augmentation">What may happen to an image.</param>
/// <param name="Number">Which of the views of this seed, from 1 on.</param>
/// <param name="Seed">Another seed, other views.</param>
public sealed record AugmentedView(Augmentation Augmentation, int Number, long Seed = 0)
{
    /// <summary>Which of the views of this seed, from 1 on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int Number { get; init => field = Positive(value); } = Positive(Number);

    /// <summary>All of it in one line, for cache keys: "view 2 of seed 0: flip:0.5".</summary>
    public string Signature => FormattableString.Invariant($"view {Number} of seed {Seed}: {Augmentation.Signature}");

    /// <summary>Views 1 to <paramref name="count"/>.</summary>
    public static IReadOnlyList<AugmentedView> Several(Augmentation augmentation, int count, long seed = 0) =>
        [.. Enumerable.Range(1, count).Select(number => new AugmentedView(augmentation, number, seed))];

    /// <inheritdoc cref="Signature"/>
    public override string ToString() => Signature;

    /// <summary>The seed of <see cref="Augmentation.Apply"/> for an image: the 32 bytes of its key, number and seed, mixed one after the other.</summary>
    internal ulong SeedOf(ContentKey image)
    {
        Span<ulong> words = stackalloc ulong[ContentKey.Size / sizeof(ulong)];
        image.Write(MemoryMarshal.AsBytes(words));
        ulong mixed = Draws.Mix(Draws.Mix((ulong)Number) ^ (ulong)Seed);
        foreach (ulong word in words)
        {
            mixed = Draws.Mix(mixed ^ word);
        }

        return mixed;
    }

    private static int Positive(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        return number;
    }
}
