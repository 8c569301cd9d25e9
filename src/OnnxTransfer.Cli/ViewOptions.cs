using System.CommandLine;
using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Export;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Cli;

/// <summary>Augmented views: how many are fitted on, how many answers are averaged over, and what happens to an image in one.</summary>
internal sealed class ViewOptions
{
    /// <summary>What views are where nothing else is said.</summary>
    public const string UsualAugmentation = "flip,crop:0.5-1";

    // In a model card, beside the head's settings.
    private const string AugmentField = "augment";
    private const string SeedField = "viewSeed";

    public Option<int> Views { get; } = new("--views")
    {
        Description = "augmented views of every training image that are fitted on beside it ('embed': of every image); each is embedded once and kept in the cache",
        DefaultValueFactory = _ => 0,
    };

    public Option<int> TestViews { get; } = new("--test-views")
    {
        Description = "average every answer over the image as it is and so many augmented views of it",
        DefaultValueFactory = _ => 0,
    };

    public Option<string?> Augment { get; } = new("--augment")
    {
        Description = "what happens to an image in a view, separated by commas: crop:0.5-1 (share of the area), ratio:0.75-1.33, grey:0.25 (probability), pad:4 (pixels, or pad:4:reflect), flip, vflip (probability, 0.5), rotate:15, shear:10 (degrees), "
            + "shift:0.1 (share), zoom:0.8-1.2, color:0.2 (or brightness, contrast, saturation), hue:0.05, cutout:0.25 (share of the area, or 16px), fill:#7f7f7f "
            + $"(default: {UsualAugmentation}; of a trained model, what it was trained with)",
    };

    public Option<long?> ViewSeed { get; } = new("--view-seed") { Description = "another number draws other views (default: 0; of a trained model, as it was trained)" };

    private Option<int>[] Counts { get; set; } = [];

    /// <summary>Adds the options of a verb that embeds views, that averages answers over them, or both.</summary>
    /// <param name="command">The verb.</param>
    /// <param name="fits">Whether it has --views.</param>
    /// <param name="answers">Whether it has --test-views.</param>
    /// <param name="onPixels">When a network is trained on pixels, for the help; null: never.</param>
    public void AddTo(Command command, bool fits, bool answers, string? onPixels = null)
    {
        Augment.Description += onPixels is null ? "" : $". {onPixels}, what happens to every training image, anew in every epoch";
        Counts = [.. fits ? [Views] : Array.Empty<Option<int>>(), .. answers ? [TestViews] : Array.Empty<Option<int>>()];
        foreach (var option in Counts.Append<Option>(Augment).Append(ViewSeed))
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Refuses numbers below 0, what is no augmentation, and what says nothing to this run.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="isOnPixels">Whether images are augmented anew in every epoch, without views.</param>
    public void Check(ParseResult parsed, bool isOnPixels = false)
    {
        var most = Counts.Max(option => EmbedOptions.Positive(parsed, option, 0));
        var unread = new Option[] { Augment, ViewSeed }.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false });
        if (most == 0 && !isOnPixels && unread is not null)
        {
            throw new UsageException($"{unread.Name}: says how images look in augmented views, and there are none; say {string.Join(" or ", Counts.Select(option => option.Name))} too, or leave it out");
        }

        _ = Augmentation(parsed);
    }

    /// <summary>The augmentation asked for; where none is, a card's, or the usual one.</summary>
    public Augmentation Augmentation(ParseResult parsed, ModelCard? card = null)
    {
        try
        {
            return Imaging.Augmentation.Parse(parsed.GetValue(Augment) ?? card?.Head.GetValueOrDefault(AugmentField) ?? UsualAugmentation);
        }
        catch (AugmentationException error)
        {
            throw new UsageException($"--augment: {error.Message}");
        }
    }

    /// <summary>The views to embed and to fit on.</summary>
    public IReadOnlyList<AugmentedView> ToFit(ParseResult parsed) => Several(parsed, parsed.GetValue(Views), null);

    /// <summary>The views to average answers over, of a model with this card.</summary>
    public IReadOnlyList<AugmentedView> ToAverage(ParseResult parsed, ModelCard? card = null) => Several(parsed, parsed.GetValue(TestViews), card);

    /// <summary>What a model's card says of the views it was fitted on and its scores averaged over; nothing where there are none.</summary>
    public IEnumerable<KeyValuePair<string, string>> Card(ParseResult parsed)
    {
        var counts = Counts.Where(option => parsed.GetValue(option) > 0).ToArray();
        return counts.Length == 0
            ? []
            :
            [
                .. counts.Select(option => KeyValuePair.Create(option == Views ? "views" : "testViews", $"{parsed.GetValue(option)}")),
                KeyValuePair.Create(AugmentField, Augmentation(parsed).Signature),
                KeyValuePair.Create(SeedField, $"{parsed.GetValue(ViewSeed) ?? 0}"),
            ];
    }

    private IReadOnlyList<AugmentedView> Several(ParseResult parsed, int count, ModelCard? card)
    {
        var seed = parsed.GetValue(ViewSeed)
            ?? (card?.Head.TryGetValue(SeedField, out var text) == true && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var known) ? known : 0);
        return AugmentedView.Several(Augmentation(parsed, card), count, seed);
    }
}
