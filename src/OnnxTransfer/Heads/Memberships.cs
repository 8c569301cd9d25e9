using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Heads;

/// <summary>
/// Which classes every row belongs to, one or, where a row may have several labels, any number; classes are counted
/// among those that have rows.
/// </summary>
internal sealed class Memberships
{
    private readonly int[] _starts;
    private readonly int[] _members;

    private Memberships(int[] present, int[] starts, int[] members)
    {
        (Present, _starts, _members) = (present, starts, members);
    }

    /// <summary>Indices of the classes that have rows, ascending.</summary>
    public int[] Present { get; }

    /// <summary>The classes of <paramref name="row"/>, as places in <see cref="Present"/>, ascending.</summary>
    public ReadOnlySpan<int> this[int row] => _members.AsSpan(_starts[row]..(_starts[row + 1]));

    /// <summary>Reads and checks the labels of a set.</summary>
    /// <exception cref="FitException">A label is out of range, or fewer than two classes (or no label at all) have rows.</exception>
    public static Memberships Of(EmbeddingSet set)
    {
        if (!set.IsMultiLabel)
        {
            int[] present = Places(FitCheck.Labels(set));
            return Of(set, present);
        }

        if (set.LabelSets.Length != set.Count)
        {
            throw new FitException($"the set holds {set.LabelSets.Length} label sets for {set.Count} rows; expected one per row");
        }

        var found = new bool[set.Classes.Count];
        for (int i = 0; i < set.Count; i++)
        {
            foreach (int label in set.LabelSets[i])
            {
                if ((uint)label >= (uint)found.Length)
                {
                    string name = i < set.Names.Length ? $" ({set.Names[i]})" : "";
                    throw new FitException($"row {i}{name} has the label {label}; expected 0 to {found.Length - 1}, an index into the {found.Length} labels");
                }

                found[label] = true;
            }
        }

        if (!found.Contains(true))
        {
            throw new FitException($"none of the {set.Count} rows has a label; expected at least one row with one");
        }

        return Of(set, Places(found));
    }

    /// <summary>The same for rows whose classes are all among <paramref name="present"/>, or are left out.</summary>
    public static Memberships Of(EmbeddingSet set, int[] present)
    {
        var starts = new int[set.Count + 1];
        var members = new List<int>(set.Count);
        for (int i = 0; i < set.Count; i++)
        {
            ReadOnlySpan<int> labels = set.IsMultiLabel ? set.LabelSets[i] : set.Labels.AsSpan(i, 1);
            foreach (int label in labels)
            {
                int place = Array.BinarySearch(present, label);
                if (place >= 0 && !members[starts[i]..].Contains(place))
                {
                    members.Add(place);
                }
            }

            members.Sort(starts[i], members.Count - starts[i], null);
            starts[i + 1] = members.Count;
        }

        return new Memberships(present, starts, [.. members]);
    }

    private static int[] Places(bool[] found) => [.. found.Index().Where(f => f.Item).Select(f => f.Index)];
}
