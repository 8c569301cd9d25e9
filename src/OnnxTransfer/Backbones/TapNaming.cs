using System.Text.RegularExpressions;

namespace OnnxTransfer.Backbones;

/// <summary>
/// Names for taps: the tensor's own where it is short and speaking, the first part of a PyTorch path such as
/// <c>/layer4/layer4.1/relu/Relu_output_0</c> where no other tap has it, otherwise the one that is offered.
/// </summary>
internal sealed partial class TapNaming(IEnumerable<string> tensors)
{
    // Parts of PyTorch networks that say nothing of the place.
    private static readonly HashSet<string> Containers = ["model", "module", "net", "network", "backbone", "features", "classifier", "head", "act", "fc"];

    private readonly Dictionary<string, int> _heads = tensors.Select(Head).OfType<string>().GroupBy(head => head).ToDictionary(g => g.Key, g => g.Count());
    private readonly HashSet<string> _taken = [];

    public string Name(string tensor, string otherwise)
    {
        var own = Speaking().IsMatch(tensor) && !Meaningless().IsMatch(tensor) ? tensor
            : Head(tensor) is { } head && _heads.GetValueOrDefault(head) == 1 ? head
            : null;
        return own is not null && _taken.Add(own) ? own : Unique(otherwise);
    }

    private static string? Head(string tensor) =>
        PathHead().Match(tensor) is { Success: true } match && match.Groups[1].Value is var head && !Meaningless().IsMatch(head) && !Containers.Contains(head) ? head : null;

    private string Unique(string name)
    {
        var free = name;
        for (var i = 2; !_taken.Add(free); i++)
        {
            free = $"{name}_{i}";
        }

        return free;
    }

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_.-]{2,19}$")]
    private static partial Regex Speaking();

    // Numbered or nameless in exporters' ways: 495, x12, input.4, Relu_12, Identity_3, resnetv17_relu0_fwd, conv_out, Plus157_Output_0.
    [GeneratedRegex(@"^(x|y|t|v|var|val|input|inputs|output|outputs|out|data|result|image|images|tensor|node|flatten|squeeze|identity|concat|add|relu|conv|gemm|matmul|clip|reshape|transpose|mul|elementwise|.*_fwd|.*_relu|.*_out|.*_output)[_.-]?\d*$|^[a-z]\d+$", RegexOptions.IgnoreCase)]
    private static partial Regex Meaningless();

    [GeneratedRegex(@"^/([A-Za-z][A-Za-z0-9_-]{2,19})/")]
    private static partial Regex PathHead();
}
