using System.Globalization;
using OnnxTransfer.Imaging;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>What the settings say, held against what can be.</summary>
internal static class ImportAnswers
{
    // Networks for smaller pictures (CIFAR, MNIST) take them whole.
    private const int SmallestCropped = 64;

    public static void Check(ImportSettings settings, string source)
    {
        Three(settings.Mean, "mean", source);
        Three(settings.Std, "std", source);
        if (settings.Std?.FirstOrDefault(s => !(s > 0), 1) is { } wrong && !(wrong > 0))
        {
            throw new BackboneException($"{source}: std {List(settings.Std)}; expected three numbers above 0");
        }

        var large = new[] { ("mean", settings.Mean), ("std", settings.Std) }.Where(p => p.Item2?.Any(v => Math.Abs(v) > ImportSettings.LargestOfUnit) == true).ToArray();
        if (large.Length > 0)
        {
            throw new BackboneException($"{source}: {string.Join(" and ", large.Select(p => $"{p.Item1} {List(p.Item2!)}"))} {(large.Length > 1 ? "are" : "is")} of pixels from 0 to 255; "
                + $"expected {string.Join(" and ", large.Select(p => p.Item1))} of x / 255: {string.Join(" and ", large.Select(p => List([.. p.Item2!.Select(v => v / 255)])))}");
        }

        if (settings.Size is { } size && (size.Height < 1 || size.Width < 1))
        {
            throw new BackboneException($"{source}: size {size.Height}x{size.Width}; expected at least 1 pixel a side");
        }
    }

    /// <summary>Resize and cut, as asked for or as is usual for the size; what was not asked for is added to <paramref name="assumed"/>.</summary>
    public static PixelPreprocessing Pixels(ImportSettings settings, ImageInput input, List<string> assumed, string source)
    {
        var (height, width) = (input.Height, input.Width);
        var rule = settings.Resize ?? (settings.ShorterSide > 0 || (height == width && height >= SmallestCropped) ? ResizeRule.ShorterSide : ResizeRule.Exact);
        var shorter = settings.ShorterSide > 0 ? settings.ShorterSide : (int)Math.Round(Math.Min(height, width) * 256 / 224.0);
        if (rule == ResizeRule.ShorterSide && shorter < Math.Min(height, width))
        {
            throw new BackboneException($"{source}: shorter side {shorter}; expected at least {Math.Min(height, width)}, the input's, which is cut out of it");
        }

        if (settings.Resize is null && settings.ShorterSide == 0)
        {
            assumed.Add(rule == ResizeRule.Exact
                ? $"Images are stretched to {height} x {width}; --resize shorter:N cuts out the centre instead."
                : $"Images are resized to {shorter} at the shorter side and {height} x {width} cut out of the centre; --resize exact or shorter:N says otherwise.");
        }

        if (settings.Interpolation == Interpolation.Bilinear)
        {
            assumed.Add("Bilinear interpolation; --interpolation bicubic says otherwise.");
        }

        return new()
        {
            Resize = rule,
            Height = rule == ResizeRule.Exact ? height : shorter,
            Width = rule == ResizeRule.Exact ? width : shorter,
            CropHeight = height,
            CropWidth = width,
            Interpolation = settings.Interpolation,
        };
    }

    /// <summary>Reads <c>name=tensor</c> or <c>name=tensor:pooling</c>; a tensor's name may hold ':' itself.</summary>
    public static TapDescription Tap(string text, TapProposal proposal, OnnxModel model)
    {
        if (text.Split('=', 2) is not [{ Length: > 0 } name, { Length: > 0 } rest] || name.Any(c => c is ':' or ','))
        {
            throw new BackboneException($"{model.Source}: tap '{text}'; expected NAME=TENSOR or NAME=TENSOR:POOLING, the name without ':' and ','");
        }

        var colon = rest.LastIndexOf(':');
        var (tensor, pooling) = colon > 0 && !model.TensorNames.Contains(rest) && TapPooling.TryParse(rest[(colon + 1)..], out var asked)
            ? (rest[..colon], asked)
            : (rest, (TapPooling?)null);
        if (!model.TensorNames.Contains(tensor))
        {
            throw new BackboneException($"{model.Source}: tap '{text}' names no tensor that a node computes; what can be a tap is {NearNames.List(tensor, model.TensorNames.Where(t => proposal.Tap(name, t, null) is not null))}");
        }

        var tap = proposal.Tap(name, tensor, pooling) ?? throw new BackboneException(
            $"{model.Source}: tap '{text}' is no feature map and no vector for each image; expected a float tensor [N, C, H, W] or [N, D] that the image alone decides");
        return tap.Shape.Count == 3 || tap.Pooling == TapPooling.None ? tap : throw new BackboneException(
            $"{model.Source}: tap '{text}' is a vector of {tap.Shape[0]}, which has no places to pool over; leave the pooling out");
    }

    private static void Three(IReadOnlyList<float>? values, string what, string source)
    {
        if (values is not null && (values.Count != 3 || !values.All(float.IsFinite)))
        {
            throw new BackboneException($"{source}: {what} {List(values)}; expected three numbers, one per channel");
        }
    }

    private static string List(IReadOnlyList<float> values) => string.Join(',', values.Select(v => v.ToString("0.######", CultureInfo.InvariantCulture)));
}
